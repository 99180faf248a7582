"""The pages that people look at: Superset with our dashboards, made ready and started in the background on loopback.

In: a published build. Out: logins, Superset's own database, the bundle loaded in one process, the address and who may sign in. Secrets
are drawn once and kept under `<home>/bi`; there is no default password.
"""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

from config.settings import ROOT, child_environment, settings
from nightly import background, services
from warehouse import page_logins, readers
from warehouse.migrate import migrate
from warehouse.page_queries import regions_and_reps
from warehouse.steps import StepError

NAME = "superset"
ADMIN = "pages_admin"
PYTHON = ROOT / ".venv-bi" / "bin" / "python"
READY_SECONDS = 300
WHOLE_COMPANY = ("vp", "finance", "supply", "engineer")  # of the sandbox, whose roles look at all of it


def up() -> int:
    """Start the pages in the background; prints where they are and who may sign in."""
    if settings().pg_embedded:
        services.run_module("sandbox.postgres", "start", quiet=True)
    _serve(_ready())
    _say(settings().home / "bi" / "passwords")
    return 0


def foreground() -> tuple[list[str], dict[str, str]]:
    """The command of the pages and its environment, once everything they need is there: what a container runs."""
    env = _ready()
    _say(settings().home / "bi" / "passwords")
    return _command(settings().bi_host), env


def _ready() -> dict[str, str]:
    """Logins, Superset's own database, the bundle loaded; returns the environment that Superset runs in."""
    if not PYTHON.exists():
        raise StepError("Superset's environment is missing: run `make bi`, which installs it, then rerun")
    migrate()
    folder = settings().home / "bi"
    (folder / "cache").mkdir(parents=True, exist_ok=True)
    passwords = folder / "passwords"
    passwords.mkdir(mode=0o700, exist_ok=True)
    passfile = page_logins.ensure(passwords)
    readers.add(ADMIN, ["*"], passwords / ADMIN)
    if settings().sandbox:
        _sandbox_readers(passwords)
    _write_config(folder)
    services.run_module("bi", "bundle", "--out", str(folder / "bundle.json"), quiet=True)
    env = environment(folder, passfile)
    print("loading the pages into Superset (about a minute the first time)", flush=True)
    _load(env)
    keep = str(folder / "lineage.json")
    background.spawn(
        "lineage", [sys.executable, "-m", "warehouse.lineage", "--all", "--keep", keep], child_environment()
    )
    return env


def address(page: str = "p1") -> str:
    """Where a page is, when the pages run; else the command that starts them."""
    return settings().page_url(page) if background.running_pid(NAME) is not None else "make bi"


def forget_secrets() -> None:
    """Draw the passwords of Superset's logins and the key of its sessions anew; the old ones are refused from now on."""
    folder = settings().home / "bi"
    passwords = folder / "passwords"
    if not (folder / "landfall.json").exists():
        raise StepError("the pages were never started here: `make bi` draws their secrets")
    for name in (page_logins.READER, page_logins.KEEPER, ADMIN):
        (passwords / name).unlink(missing_ok=True)
    (folder / "landfall.json").unlink()
    page_logins.ensure(passwords)
    readers.add(ADMIN, ["*"], passwords / ADMIN)
    _write_config(folder)


def _sandbox_readers(folder: Path) -> None:
    """People of the invented company, to look at the pages as each: one region, one line of one's own, everything."""
    region, rep = regions_and_reps()
    for name, node in (("manager", region), ("rep", rep), *((name, "*") for name in WHOLE_COMPANY)):
        if node:
            readers.add(name, [node], folder / name)


def _write_config(folder: Path) -> None:
    now, path = settings(), folder / "landfall.json"
    old = json.loads(path.read_text("utf-8")) if path.exists() else {}
    where = f"{now.pg_host}:{now.pg_port or 5432}"
    told = {
        "secret_key": old.get("secret_key") or secrets.token_urlsafe(48),
        "guest_secret": old.get("guest_secret") or secrets.token_urlsafe(48),
        "records": f"postgresql+psycopg2://{page_logins.KEEPER}@{where}/{page_logins.database_of_records()}",
        "data": f"postgresql+psycopg2://{page_logins.READER}@{where}/{now.pg_database}",
        "host": now.pg_host, "port": now.pg_port or 5432, "database": now.pg_database, "lang": now.lang, "public_url": now.public_url,
        "sandbox": now.sandbox, "embed_origins": now.bi_embed_origins.replace(",", " ").split(), "crm_record_url": now.crm_record_url,
        "admins": [ADMIN], "servants": [page_logins.READER, page_logins.KEEPER],
    }  # fmt: skip
    path.touch(mode=0o600)
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")


def environment(folder: Path, passfile: Path) -> dict[str, str]:
    """Superset's environment: its own folder, configuration and password file, nothing of the pipeline's."""
    kept = {key: value for key, value in child_environment().items() if not key.startswith("LANDFALL_")}
    return kept | {
        "SUPERSET_HOME": str(folder),
        "SUPERSET_CONFIG_PATH": str(ROOT / "bi" / "server" / "superset_config.py"),
        "PYTHONPATH": str(ROOT),
        "PATH": os.pathsep.join([str(PYTHON.parent), kept["PATH"]]),
        "PGPASSFILE": str(passfile),
        "FLASK_APP": "superset",
    }


def _load(env: dict[str, str]) -> None:
    log = settings().home / "logs" / "superset-load.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        done = subprocess.run([str(PYTHON), "-m", "bi.server.bootstrap"], env=env, stdout=out, stderr=out, check=False)
    if done.returncode != 0:
        last = log.read_text("utf-8", "replace").strip().splitlines()[-1:]
        raise StepError(f"the pages could not be loaded ({' '.join(last)}): read {log}, then rerun `make bi`")


def _command(host: str) -> list[str]:
    return [str(PYTHON), "-m", "gunicorn", "-w", "2", "-k", "gthread", "--threads", "8", "--timeout", "120",
            "-b", f"{host}:{settings().bi_port}", "superset.app:create_app()"]  # fmt: skip


def _serve(env: dict[str, str]) -> None:
    background.stop(NAME)
    background.spawn(NAME, _command("127.0.0.1"), env)
    background.await_answer(NAME, f"http://127.0.0.1:{settings().bi_port}/health", READY_SECONDS)


def _say(folder: Path) -> None:
    address = f"http://127.0.0.1:{settings().bi_port}"
    print(f"pages       {address}/superset/dashboard/p1/   on a phone {address}/superset/dashboard/p1-mobile/")
    for name, nodes in readers.listed():
        if name not in (page_logins.READER, page_logins.KEEPER):
            where = folder / name
            print(
                f"  {name:<14} sees {nodes}   {'password in ' + str(where) if where.exists() else 'with its own password'}"
            )
    print("stop them with `make down`")
