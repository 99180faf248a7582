"""A person who asks to be erased leaves every place but the hashes that others rely on."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from config.settings import child_environment, settings
from connectors.privacy import protect
from tests.warehouse.managers import superuser
from warehouse.connection import connect
from warehouse.erasure import Erased, erase, places
from warehouse.steps import StepError
from warehouse.walks import Loading, loading

PHONE, NAME, NOTE = "13812345678", "欧阳震华", "请致电 13812345678 确认"
KINDS = {"mobile": "phone", "contact": "name", "note": "text"}
DAY = date(2026, 5, 20)


@pytest.fixture
def connection(tenant_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Loading]:
    """A loading connection of a tenant whose vault is empty, with a home of its own."""
    kept = settings()
    monkeypatch.setenv("LANDFALL_VAULT_KEY", "key")
    monkeypatch.setenv("LANDFALL_TOKEN_SEED", "")
    monkeypatch.setenv("LANDFALL_HOME", str(tmp_path))
    monkeypatch.setenv("LANDFALL_PG_PORT", str(kept.pg_port))
    monkeypatch.setenv("LANDFALL_PG_PASSFILE", str(kept.pg_passfile or ""))
    settings.cache_clear()
    with loading("fxiaoke") as open_connection:
        yield open_connection
        with connect("owner_ddl") as owner:
            owner.execute("truncate vault.quarantined, vault.persons, vault.erasures, vault.lead_inbox, ops.quarantine")
    settings.cache_clear()


def landed(connection: Loading, load_id: str, mobile: str = "138 1234 5678") -> dict[str, object]:
    """A lead as it is landed."""
    record: dict[str, object] = {"mobile": mobile, "contact": NAME, "note": NOTE}
    protect(connection, [record], KINDS, load_id)
    return record


def test_every_spelling_and_every_note_that_holds_a_value_leaves_the_vault(connection: Loading) -> None:
    landed(connection, "load-1")
    landed(connection, "load-2", mobile="13900000001")
    assert erase([PHONE, NAME], DAY, "request 7") == Erased({"name": 1, "phone": 1, "text": 1}, 0)
    assert connection.execute("select original from vault.persons").fetchall() == [("13900000001",)]
    assert connection.execute("select kind, asked_on, asked_by from vault.erasures order by kind").fetchall() == [
        (kind, DAY, "request 7") for kind in ("name", "phone", "text")
    ]


def test_a_source_that_still_shows_the_person_brings_neither_the_value_nor_a_new_version_back(
    connection: Loading,
) -> None:
    before = landed(connection, "load-1")
    erase([PHONE, NAME], DAY, "request 7")
    assert landed(connection, "load-2") == before
    assert connection.execute("select count(*) from vault.persons").fetchone() == (0,)


def test_a_raw_copy_of_an_unreadable_record_goes_and_its_reason_stays(connection: Loading) -> None:
    raw = b'{"mobile": "13812345678"}'
    quarantine(connection, raw)
    assert [place for place, _ in places([PHONE])] == [f"{settings().pg_database} vault.quarantined"]
    assert erase([PHONE], DAY, "request 8") == Erased({}, 1)
    assert list(places([PHONE])) == []
    assert connection.execute("select reason from ops.quarantine").fetchall() == [("no id",)]


def quarantine(connection: Loading, raw: bytes, load_id: str = "q") -> None:
    """A raw copy of a record that could not be read."""
    connection.execute(
        "insert into ops.loads (load_id, system, stream, as_of, window_to, state) values (%s, 'fxiaoke', 'leads', %s, now(), 'finished')"
        " on conflict do nothing",
        (load_id, DAY),
    )
    connection.execute(
        "with noted as (insert into ops.quarantine (load_id, system, stream, reason) values (%s, 'fxiaoke', 'leads', 'no id')"
        " returning quarantine_id) insert into vault.quarantined select quarantine_id, %s from noted",
        (load_id, raw),
    )


def on_disk(values: list[str]) -> set[str]:
    """Which of `values` stand in a data file of the tenant's database, as the server would leave them when it stops."""
    with superuser() as server:
        server.execute("checkpoint")
        [folder, number] = server.execute(
            "select current_setting('data_directory'), oid from pg_database where datname = current_database()"
        ).fetchone() or ("", 0)
    files = [path.read_bytes() for path in Path(folder, "base", str(number)).iterdir()]
    return {value for value in values if any(value.encode() in held for held in files)}


def test_no_data_file_of_the_server_holds_an_erased_value(connection: Loading) -> None:
    """A deleted row keeps its bytes until its place is used again, and the planner keeps samples of a column."""
    landed(connection, "load-1", mobile=PHONE)
    landed(connection, "load-2", mobile="13900000001")
    quarantine(connection, json.dumps({"mobile": PHONE}).encode())
    with connect("owner_ddl", autocommit=True) as owner:
        owner.execute("analyze vault.persons, vault.quarantined")
    assert on_disk([PHONE, NAME, NOTE]) == {PHONE, NAME, NOTE}
    erase([PHONE, NAME], DAY, "request 7")
    assert on_disk([PHONE, NAME, NOTE, "13900000001"]) == {"13900000001"}


@pytest.mark.parametrize(
    "written", ["+86 138-1234-5678", "0086-138.1234.5678", "(+86)13812345678", "86 138 1234 5678", "0138 12345678"]
)
@pytest.mark.parametrize("asked", [PHONE, "+86 13812345678"])
def test_a_phone_is_found_in_every_way_of_writing_it(
    connection: Loading, tmp_path: Path, written: str, asked: str
) -> None:
    landed(connection, "load-1", mobile=written)
    protect(connection, [{"note": f"请致电{written}，谢谢"}], KINDS, "load-1")
    quarantine(connection, json.dumps({"mobile": written}).encode())
    (tmp_path / "by_hand.log").write_text(f"tel:{written}", "utf-8")
    database = settings().pg_database
    found = [f"{database} vault.persons", f"{database} vault.quarantined", str(tmp_path / "by_hand.log")]
    assert [place for place, _ in places([asked])] == found
    assert erase([asked], DAY, "request 7") == Erased({"phone": 1, "text": 2}, 1)
    assert [place for place, _ in places([asked])] == [str(tmp_path / "by_hand.log")]


def test_a_longer_number_that_holds_the_phones_digits_is_another_one(connection: Loading, tmp_path: Path) -> None:
    landed(connection, "load-1", mobile=f"9{PHONE}")
    protect(connection, [{"note": f"order {PHONE}77"}], KINDS, "load-1")
    quarantine(connection, f"{PHONE}0".encode())
    (tmp_path / "by_hand.log").write_text(f"44{PHONE}", "utf-8")
    connection.execute("delete from vault.persons where original like '请致电%'")
    assert list(places([f"0{PHONE}"])) == []
    assert erase([f"0{PHONE}"], DAY, "request 7") == Erased({}, 0)


CHAT_ID = '欧阳"w\\m/9'


@pytest.mark.parametrize(
    "raw",
    [
        json.dumps({"id": CHAT_ID}),
        json.dumps({"id": CHAT_ID}, ensure_ascii=False),
        json.dumps({"id": CHAT_ID}).replace("/", r"\/"),
        json.dumps({"id": CHAT_ID}).replace("6b27", "6B27"),
        json.dumps({"body": json.dumps({"id": CHAT_ID})}),
    ],
)
def test_a_value_is_found_as_json_writes_it(connection: Loading, tmp_path: Path, raw: str) -> None:
    quarantine(connection, raw.encode())
    (tmp_path / "by_hand.log").write_text(raw, "utf-8")
    with connect("owner_ddl") as owner:
        owner.execute("create table landing.noted (record jsonb, line text)")
        owner.execute("insert into landing.noted values (%s, null), (null, %s)", (raw, raw))
    database = settings().pg_database
    told = list(places([CHAT_ID]))
    with connect("owner_ddl") as owner:
        owner.execute("drop table landing.noted")
    assert told == [
        (f"{database} landing.noted", 2),
        (f"{database} vault.quarantined", 1),
        (str(tmp_path / "by_hand.log"), 1),
    ]
    assert erase([CHAT_ID], DAY, "request 7") == Erased({}, 1)


def test_a_body_that_is_no_text_keeps_nobody_from_being_erased(connection: Loading) -> None:
    landed(connection, "load-1")
    connection.execute(
        "insert into vault.lead_inbox (source, event_id, signature, sent_at, raw) values ('web', '1', 's', now(), %s)",
        (b"\xff\xfe",),
    )
    assert erase([PHONE], DAY, "request 7") == Erased({"phone": 1, "text": 1}, 0)


def test_a_value_of_one_character_is_refused_before_anything_is_erased(connection: Loading) -> None:
    landed(connection, "load-1")
    for asking in (lambda: erase([PHONE, "王"], DAY, "request 7"), lambda: list(places([PHONE, "王"]))):
        with pytest.raises(StepError, match="value 2 of 2 has one character"):
            asking()
    assert connection.execute("select count(*) from vault.persons").fetchone() == (3,)


def command(values: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The command as a person types it."""
    typed = [
        sys.executable,
        "-m",
        "warehouse",
        "erase",
        "--file",
        str(values),
        "--as-of",
        DAY.isoformat(),
        "--by",
        "request 9",
        *more,
    ]
    return subprocess.run(typed, env=child_environment(), text=True, capture_output=True, check=False)


def test_the_command_names_every_place_that_still_holds_a_value_and_shows_none(
    connection: Loading, tmp_path: Path
) -> None:
    landed(connection, "load-1")
    values = tmp_path.parent / f"{tmp_path.name}-values.txt"
    values.write_text(f"{PHONE}\n{NAME}\n", "utf-8")
    log = tmp_path / "logs" / "by_hand.log"
    log.parent.mkdir()
    log.write_text(f"x{NAME}", "utf-8")
    tried = command(values, "--dry-run")
    assert (tried.returncode, "would take 1 name, 1 phone, 1 text out of the vault" in tried.stdout) == (0, True), tried
    assert connection.execute("select count(*) from vault.persons").fetchone() == (3,)
    found = command(values)
    assert found.returncode == 1
    assert found.stderr.splitlines() == ["still found here, delete it by hand, then rerun:", str(log)]
    assert not any(value in found.stdout + found.stderr for value in (PHONE, NAME))
    log.unlink()
    again = command(values)
    assert again.returncode == 0, again.stderr
    assert "found nowhere else" in again.stdout
    with connect("auditor") as auditor, pytest.raises(Exception, match="permission denied"):
        auditor.execute("select * from vault.erasures")
