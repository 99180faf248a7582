"""Personal values: one token each, the original for `loader` alone."""

import hmac
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from config.settings import settings
from warehouse import vault
from warehouse.connection import connect
from warehouse.steps import StepError
from warehouse.vault_keys import Keyed
from warehouse.walks import Loading, loading


@pytest.fixture
def connection(tenant_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loading]:
    monkeypatch.setenv("LANDFALL_VAULT_KEY", "key")
    monkeypatch.setenv("LANDFALL_TOKEN_SEED", "")
    settings.cache_clear()
    with loading("fxiaoke") as open_connection:
        yield open_connection
    settings.cache_clear()


def test_a_value_keeps_its_token_and_kinds_are_apart(connection: Loading) -> None:
    first = vault.tokens(connection, [("phone", "13800000001"), ("name", "王强"), ("phone", "13800000001")], "load-1")
    again = vault.tokens(connection, [("phone", "13800000001"), ("chat", "13800000001")], "load-2")
    assert again["phone", "13800000001"] == first["phone", "13800000001"]
    assert len({*first.values(), *again.values()}) == 3
    kept = connection.execute(
        "select kind, original, first_load_id from vault.persons order by first_load_id, kind"
    ).fetchall()
    assert kept == [("name", "王强", "load-1"), ("phone", "13800000001", "load-1"), ("chat", "13800000001", "load-2")]


def test_a_value_that_another_extraction_puts_in_meanwhile_has_its_token(connection: Loading) -> None:
    value = ("phone", "13800000009")
    with ThreadPoolExecutor(1) as pool, connect("loader") as other, connect("loader", autocommit=True) as looking:
        with other.transaction():
            first = vault.tokens(other, [value], "load-1")
            second = pool.submit(vault.tokens, connection, [value, ("phone", "13800000010")], "load-2")
            waiting = "select count(*) from pg_locks where not granted and pid = %s"
            while looking.execute(waiting, (connection.info.backend_pid,)).fetchone() == (0,):
                assert not second.done()
        assert second.result()[value] == first[value]


def test_tokens_of_two_tenants_agree_only_where_a_seed_is_set(
    connection: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    def token_after_erasing() -> str:
        connection.execute("delete from vault.persons")
        return vault.tokens(connection, [("phone", "13900000002")], "load")["phone", "13900000002"]

    assert token_after_erasing() != token_after_erasing()
    monkeypatch.setenv("LANDFALL_TOKEN_SEED", "seed")
    settings.cache_clear()
    assert token_after_erasing() == token_after_erasing()


def test_a_token_that_is_another_values_is_refused_by_kind_and_nothing_of_the_page_is_kept(
    connection: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANDFALL_TOKEN_SEED", "seed")
    settings.cache_clear()
    value, other = ("phone", "13500000005"), ("name", "张三")
    token = vault.tokens(connection, [value], "load-1")[value]
    connection.execute("delete from vault.persons")
    connection.execute("insert into vault.persons values ('somebody', %s, 'mail', 'a@b.cn', 'load-1')", (token,))
    with pytest.raises(
        StepError, match=r"for a value of kind phone is another value's: .* set LANDFALL_TOKEN_SEED"
    ) as refused:
        vault.tokens(connection, [other, value], "load-2")
    assert value[1] not in str(refused.value)
    assert connection.execute("select field_hash from vault.persons").fetchall() == [("somebody",)]


def test_neither_key_nor_token_shows_the_value(connection: Loading) -> None:
    vault.tokens(connection, [("phone", "13700000003")], "load")
    shown = str(
        connection.execute("select field_hash, token from vault.persons where original = '13700000003'").fetchone()
    )
    assert "13700000003" not in shown


def test_without_a_key_nothing_personal_is_taken_in(connection: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANDFALL_VAULT_KEY", "")
    settings.cache_clear()
    with pytest.raises(StepError, match="set LANDFALL_VAULT_KEY"):
        vault.tokens(connection, [("phone", "13600000004")], "load")


@pytest.mark.parametrize("role", ["transformer", "checker", "ml", "writeback", "publisher", "bi_reader", "auditor"])
def test_no_other_role_reads_the_vault(tenant_database: str, role: str) -> None:
    with connect(role) as other, pytest.raises(Exception, match="permission denied"):
        other.execute("select original from vault.persons")


@pytest.mark.parametrize("length", [1, 64, 65, 200])
def test_a_look_up_hash_is_the_standard_one(length: int) -> None:
    key = "k" * length
    assert Keyed(key)("phone\x1f13812345678") == hmac.digest(key.encode(), b"phone\x1f13812345678", "sha256").hex()
