"""The vault's key changes in one transaction: every token stays, the old key is refused, an erased person keeps the token."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest

from config.settings import settings, use
from nightly.rotate import rotate
from warehouse import vault, vault_keys
from warehouse.connection import connect
from warehouse.erasure import erase
from warehouse.restores import apply_erasures, journalled, of_other_keys
from warehouse.steps import StepError
from warehouse.walks import loading

VALUES = [("phone", "13812345678"), ("phone", "13900000001"), ("name", "王强")]
EMPTY = "truncate vault.quarantined, vault.persons, vault.erasures, vault.older_tombstones, vault.keys, ops.quarantine"
HASHES = "select field_hash, token, kind, original from vault.persons order by token"


@pytest.fixture
def key(tenant_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The file of the key of an empty vault."""
    kept = settings()
    file = tmp_path / "vault_key"
    file.write_text("first\n")
    file.chmod(0o600)
    for name in ("HOME", "PG_PORT", "PG_PASSFILE", "BACKUP_DIR", "TOKEN_SEED", "VAULT_KEY_FILE"):
        monkeypatch.setenv(f"LANDFALL_{name}", str(getattr(kept, name.lower(), "") or ""))
    use(home=str(tmp_path), vault_key_file=str(file), backup_dir=str(tmp_path / "backups"), token_seed="")
    with connect("owner_ddl") as owner:
        owner.execute(EMPTY)
    yield file
    with connect("owner_ddl") as owner:
        owner.execute(EMPTY)
    monkeypatch.undo()
    settings.cache_clear()


def tokens() -> dict[tuple[str, str], str]:
    with loading("fxiaoke") as connection:
        return vault.tokens(connection, VALUES, "load-1")


def held() -> list[tuple[str, ...]]:
    with connect("loader") as connection:
        return connection.execute(HASHES).fetchall()


def test_every_hash_is_made_anew_and_no_token_changes(key: Path) -> None:
    first, before = tokens(), held()
    assert rotate("vault_key", None) == 0
    after = held()
    assert [row[1:] for row in after] == [row[1:] for row in before]
    assert {row[0] for row in after}.isdisjoint({row[0] for row in before})
    assert key.read_text() != "first\n"
    assert key.stat().st_mode & 0o077 == 0
    assert tokens() == first
    assert held() == after


def test_a_process_with_the_old_key_is_refused_and_adds_nothing(key: Path) -> None:
    tokens()
    rotate("vault_key", None)
    before = held()
    key.write_text("first\n")
    settings.cache_clear()
    with pytest.raises(StepError, match="LANDFALL_VAULT_KEY is not the key of this vault"):
        tokens()
    with pytest.raises(StepError, match="is not the key of this vault"):
        vault_keys.rekey("first", "third")
    assert held() == before


def test_an_erased_person_keeps_the_token_over_two_keys_and_is_not_kept_again(key: Path) -> None:
    first = tokens()
    erase(["13812345678"], date(2026, 5, 20), "request 1")
    rotate("vault_key", None)
    erase(["王强"], date(2026, 5, 21), "request 2")
    rotate("vault_key", None)
    assert tokens() == first
    assert [row[3] for row in held()] == ["13900000001"]


def test_a_rotation_that_was_killed_before_its_file_changed_is_finished_by_the_next(key: Path) -> None:
    first = tokens()
    waiting = key.with_name("vault_key.next")
    waiting.write_text("second\n")
    waiting.chmod(0o600)
    vault_keys.rekey("first", "second")
    assert rotate("vault_key", None) == 0
    assert (key.read_text(), waiting.exists()) == ("second\n", False)
    assert tokens() == first
    with pytest.raises(StepError, match="this key was the vault's before"):
        vault_keys.rekey("second", "first")


def test_what_was_erased_under_a_later_key_is_erased_again_once_a_restored_vault_takes_it(key: Path) -> None:
    tokens()
    as_backed_up = held()
    rotate("vault_key", None)
    later = key.read_text()
    erase(["13812345678"], date(2026, 5, 20), "request 1")
    with connect("owner_ddl") as owner:  # as a backup from before the rotation has it
        owner.execute(EMPTY)
        owner.execute("insert into vault.keys (generation, key_check) values (0, %s)", (vault_keys.key_check("first"),))
        for row in as_backed_up:
            owner.execute(
                "insert into vault.persons (field_hash, token, kind, original, first_load_id) values (%s, %s, %s, %s, 'l')",
                row,
            )
    key.write_text("first\n")
    settings.cache_clear()
    stones = list(journalled(key.parent / "backups", settings().tenant))
    assert (apply_erasures(stones), of_other_keys(stones), len(held())) == ((0, 0), 1, 3)
    new = key.with_name("later")
    new.write_text(later)
    new.chmod(0o600)
    rotate("vault_key", new)
    assert sorted(row[3] for row in held()) == ["13900000001", "王强"]


def test_the_databases_passwords_change_with_their_file_and_the_old_ones_are_refused(key: Path) -> None:
    now = settings()
    assert now.pg_passfile
    before = now.pg_passfile.read_text()
    open_before = connect("checker", autocommit=True)
    assert rotate("database", None) == 0
    assert [line.rsplit(":", 1)[0] for line in now.pg_passfile.read_text().splitlines()] == [
        line.rsplit(":", 1)[0] for line in before.splitlines()
    ]
    assert open_before.execute("select 1").fetchone() == (1,)
    with connect("checker") as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    for line in before.splitlines():
        login, password = line.split(":")[3:]
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(host=now.pg_host, port=now.pg_port, user=login, password=password, dbname="postgres")


def test_a_vendors_secret_that_stands_in_no_file_is_refused_with_what_to_do(key: Path) -> None:
    with pytest.raises(StepError, match="LANDFALL_KINGDEE_APP_SECRET stands in no file: write it into one"):
        rotate("kingdee_app_secret", key)
    with pytest.raises(StepError, match="is drawn by us and changed at once"):
        rotate("database", key)
