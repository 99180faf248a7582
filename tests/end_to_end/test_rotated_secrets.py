"""Every secret changes between two nights: no row is lost, no join changes, and none of the old ones is taken afterwards."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest
import yaml
from cryptography.fernet import Fernet, InvalidToken

from config.settings import settings
from nightly import airflow, pages
from tests.end_to_end.tables import hashes, one
from tests.end_to_end.workplace import Workplace
from warehouse.connection import connect
from warehouse.frames import fetch_all

FIRST = {  # of each vendor, by our setting: what the sandbox's systems take at first
    "fxiaoke_app_secret": "sandbox-secret", "kingdee_app_secret": "sandbox-secret", "wecom_secret": "sandbox-secret",
    "dingtalk_app_secret": "sandbox-secret", "hubspot_token": "sandbox-hubspot-token", "baidu_secret_key": "sandbox-baidu-secret",
    "tencent_client_secret": "sandbox-tencent-secret",
}  # fmt: skip
ROBOT, VAULT = "notify_wecom_robot_key", "vault_key"
LAYERS = ("landing", "staging", "intermediate", "features", "scores", "sync")
PEOPLE = "select count(*), count(distinct (kind, original)) from vault.persons"


class Robot(ThreadingHTTPServer):
    """A chat group's robot: the keys that it takes, and those that it was asked with."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.taken: list[str] = []
        self.asked: list[str] = []


class _Asked(BaseHTTPRequestHandler):
    server: Robot

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        key = parse_qs(urlsplit(self.path).query)["key"][0]
        self.server.asked.append(key)
        told = json.dumps({"errcode": 0 if key in self.server.taken else 93000, "errmsg": "said"}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the test's own screen."""


@pytest.fixture(scope="module")
def robot() -> Iterator[Robot]:
    server = Robot()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def place(robot: Robot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """A working copy after a night like any other (the first computes past days too), with secrets in files and tokens that are drawn."""
    place, folder = Workplace(tmp_path_factory.mktemp("rotated")), tmp_path_factory.mktemp("secrets")
    robot.taken = ["first-robot"]
    for name, secret in {**FIRST, ROBOT: "first-robot", VAULT: "first-vault-key"}.items():
        write(folder / name, secret)
    contacts = folder.parent / "contacts.yml"
    contacts.write_text(yaml.safe_dump({str(person): {"wecom": f"w{person}"} for person in range(1000, 1060)}))
    own = {"SECRETS_DIR": str(folder), "TOKEN_SEED": "", "NOTIFY": "wecom_robot", "NOTIFY_CONTACTS": str(contacts),
           "NOTIFY_WECOM_BASE_URL": f"http://127.0.0.1:{robot.server_address[1]}", "BI_PORT": free_port()}  # fmt: skip
    place.env |= {f"LANDFALL_{key}": value for key, value in own.items()}
    typed(place, "night")
    typed(place, "night")
    yield place
    place.type("down")


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


def write(path: Path, secret: str) -> Path:
    path.write_text(f"{secret}\n")
    path.chmod(0o600)
    return path


def typed(place: Workplace, *arguments: str, **overrides: str) -> str:
    code, said = place.type(*arguments, **overrides)
    assert code == 0, said[-3000:]
    return said


def vendors(secrets: dict[str, list[str]]) -> None:
    """What the sandbox's systems take from now on."""
    rules: dict[str, Any] = {"secrets": secrets, "fxiaoke_app_secrets": secrets["fxiaoke_app_secret"]}
    assert httpx.post(f"{settings().fxiaoke_base_url}/sandbox/rules", json=rules, timeout=60).status_code == 200


@contextmanager
def refused(database: str, passfile: str) -> Iterator[None]:
    """None of the passwords of now, once the block is done."""
    old = [line.rsplit(":", 1) for line in Path(passfile).read_text().splitlines() if line]
    yield
    for where, password in old:
        login = where.rsplit(":", 1)[1]
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(
                host=settings().pg_host, port=settings().pg_port, user=login, dbname=database, password=password
            )


def of_airflow(*arguments: str) -> str:
    done = subprocess.run(
        ["airflow", *arguments], env=airflow.environment(), text=True, capture_output=True, check=True
    )
    return done.stdout


def known(build: str) -> dict[str, str]:
    """Hashes of every layer and of the build, but for the log of what was read, which each reading of a day adds to."""
    found = hashes((*LAYERS, build))
    del found["staging.stg_landfall__load_parts"]
    return found


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_two_nights_between_which_every_secret_changed_are_as_two_between_which_none_did(
    place: Workplace, robot: Robot, tmp_path: Path
) -> None:
    with place.looked_at():
        build = f"build_{one('select build_id from ops.published_build')[0]}"
        before = known(build)
        _vendors_secrets(place, robot, tmp_path)
        _database_and_vault(place)
        _airflows_keys(place)
        typed(place, "night")
        assert known(build) == before

        _stricter_alerts()
        typed(place, "advance", "--days", "2")
        heard = len(robot.asked)
        typed(place, "night")
        assert set(robot.asked[heard:]) == {"second-robot"}
        people, distinct = fetch_all("loader", PEOPLE)[0]
        assert people == distinct > 0
        assert one("select count(*) from ops.loads where state <> 'finished'") == (0,)


def _stricter_alerts() -> None:
    """Let the next night have something to tell the robot: deals of a day's silence, regions below their whole target."""
    rules: dict[str, dict[str, object]] = {
        "silence": {"days": 1, "day_kind": "calendar", "stage_code": "S4"},
        "region_gap": {"threshold": "100"},
    }
    with connect("loader") as connection:
        for rule, value in rules.items():
            connection.execute(
                "insert into ops.settings (kind, key, value, valid_from, decided_at, decided_by, reason)"
                " values ('alert_rule', %s, %s, '2026-05-20', '-infinity', 'test', 'stricter')",
                (rule, json.dumps({**value, "is_enabled": "true"})),
            )


def _vendors_secrets(place: Workplace, robot: Robot, folder: Path) -> None:
    both = {name: [first, f"second-{name}"] for name, first in FIRST.items()}
    vendors(both)
    robot.taken = ["first-robot", "second-robot"]
    for name in (*FIRST, ROBOT):
        new = write(folder / name, "second-robot" if name == ROBOT else both[name][1])
        typed(place, "rotate", name, "--new", str(new))
    vendors({name: [second] for name, (_, second) in both.items()})
    robot.taken = ["second-robot"]
    for name in (*FIRST, ROBOT):
        assert "forgotten" in typed(place, "rotate", name, "--finish")


def _database_and_vault(place: Workplace) -> None:
    with refused(settings().pg_database, str(settings().pg_passfile)):
        typed(place, "rotate", "database")
    assert "hashes and 0 tombstones made anew" in typed(place, "rotate", "vault_key")
    old = {"LANDFALL_VAULT_KEY": "first-vault-key", "LANDFALL_VAULT_KEY_FILE": ""}
    done = subprocess.run(
        [sys.executable, "-m", "connectors", "extract", "--system", "fxiaoke", "--as-of", "2026-05-20"],
        env={**place.env, **old}, cwd=place.root, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "key" in done.stderr) == (1, True), done.stderr


def _airflows_keys(place: Workplace) -> None:
    of_airflow("connections", "add", "probe", "--conn-type", "http", "--conn-password", "kept-by-airflow")
    names = [airflow.key_file(name) for name in airflow.KEYS]
    old = [path.read_text() for path in names]
    typed(place, "rotate", "airflow")
    assert all(path.read_text() != kept for path, kept in zip(names, old, strict=True))
    assert "kept-by-airflow" in of_airflow("connections", "get", "probe", "-o", "json")
    with psycopg.connect(host=settings().pg_host, port=settings().pg_port, user="landfall", dbname="airflow",
                         passfile=str(settings().pg_passfile)) as connection:  # fmt: skip
        found = connection.execute("select password from connection where conn_id = 'probe'").fetchone()
    assert found
    with pytest.raises(InvalidToken):
        Fernet(old[0].strip().split(",")[0]).decrypt(found[0].encode())


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.skipif(not pages.PYTHON.exists(), reason="Superset's environment is missing: `make bi` installs it")
def test_the_pages_open_with_new_passwords_alone_and_every_session_ends(place: Workplace) -> None:
    typed(place, "bi")
    with place.looked_at():
        folder = settings().home / "bi"
        where, admin = f"http://127.0.0.1:{settings().bi_port}", folder / "passwords" / pages.ADMIN
        kept = admin.read_text().strip()
        session = signed_in(where, kept)
        assert session
        with refused(settings().pg_database, str(folder / "passwords" / "pgpass")):
            assert "start them again: `make bi`" in typed(place, "rotate", "pages")
        typed(place, "bi")
        seen = httpx.get(f"{where}/api/v1/dashboard/", headers={"Authorization": f"Bearer {session}"}, timeout=120)
        assert seen.status_code in (401, 422)
        assert signed_in(where, kept) == ""
        assert signed_in(where, admin.read_text().strip())


def signed_in(where: str, password: str) -> str:
    """A token of the pages' administrator; '' where the password is refused."""
    asked = {"username": pages.ADMIN, "password": password, "provider": "db"}
    reply = httpx.post(f"{where}/api/v1/security/login", json=asked, timeout=120)
    return str(reply.json()["access_token"]) if reply.status_code == 200 else ""
