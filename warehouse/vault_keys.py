"""The vault's key: which one the look-up hashes were made with, and its change in one transaction.

In: the present key and a new one. Out: every hash made anew, tokens and originals as they were, so that no join changes. A tombstone has no
original: the new key is put over its hash, and the retired key stays in the vault, so that a source that still shows an erased person
gets the old token. A process that holds another key than the vault's is refused, also one that started before the change.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import psycopg

from warehouse.connection import connect
from warehouse.steps import StepError

LOCK = "select {}(hashtext('landfall vault key'))"
CHECKED = "the vault of landfall"
BATCH = 5000
SEPARATOR = "\x1f"  # between kind and value, in what is hashed
BLOCK = 64  # bytes that sha256 takes in at once
Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """How many hashes were made anew."""

    persons: int
    tombstones: int


class Keyed:
    """HMAC-SHA256 (hex) of texts under one key, whose two beginnings are made once: half of the time of `hmac.digest`."""

    def __init__(self, key: str) -> None:
        raw = key.encode()
        block = (raw if len(raw) <= BLOCK else sha256(raw).digest()).ljust(BLOCK, b"\0")
        self._inner, self._outer = (sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))

    def __call__(self, text: str) -> str:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text.encode())
        outer.update(inner.digest())
        return outer.hexdigest()


def keyed(key: str, text: str) -> str:
    """The hash of `text` under `key`, hex."""
    return hmac.digest(key.encode(), text.encode(), "sha256").hex()


def key_check(key: str) -> str:
    """What tells one key from another without telling it."""
    return keyed(key, CHECKED)


def generation_of(connection: Connection, key: str, *, alone: bool = False) -> int:
    """The generation of the vault's present key, which `key` must be; a vault without one takes it. Held until the transaction ends.

    `alone`: nobody else uses the key meanwhile. Raises StepError for another key.
    """
    connection.execute(LOCK.format("pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"))
    connection.execute(
        "insert into vault.keys (generation, key_check) select 0, %s where not exists (select from vault.keys)"
        " on conflict do nothing",
        (key_check(key),),
    )
    found = connection.execute("select generation, key_check from vault.keys order by 1 desc limit 1").fetchone()
    if found is None or found[1] != key_check(key):
        raise StepError(
            "LANDFALL_VAULT_KEY is not the key of this vault: set the key that holds (after a rotation the new one, after a restore"
            " the one of then), start again what still runs with another one, then rerun"
        )
    return int(found[0])


def aliases(connection: Connection, key: str, values: Iterable[str]) -> dict[str, str]:
    """What an erased value's tombstone may be called → its hash under the present key, for tombstones of earlier keys."""
    rows = connection.execute("select generation, retired_key from vault.keys order by generation").fetchall()
    keys = [str(retired or key) for _, retired in rows]
    older = [number for (number,) in connection.execute("select distinct generation from vault.older_tombstones")]
    return {_over(keys[generation:], value): keyed(key, value) for value in values for generation in older}


def _over(keys: Sequence[str], text: str) -> str:
    for key in keys:
        text = keyed(key, text)
    return text


def present_check(connection: Connection) -> str | None:
    """The check of the vault's present key; None for a vault that has seen none."""
    found = connection.execute("select key_check from vault.keys order by generation desc limit 1").fetchone()
    return str(found[0]) if found else None


def holds(key: str) -> bool:
    """Whether `key` is the vault's present key."""
    with connect("loader") as connection:
        return present_check(connection) == key_check(key)


def rekey(old: str, new: str) -> Rekeyed:
    """Make every hash anew under `new`, in one transaction. Raises StepError when `old` does not hold, or `new` was in use before."""
    with connect("owner_ddl") as connection:
        generation = generation_of(connection, old, alone=True)
        if connection.execute("select 1 from vault.keys where key_check = %s", (key_check(new),)).fetchone():
            raise StepError("this key was the vault's before: give one that was never used")
        people = connection.execute("select field_hash, kind, original from vault.persons order by 1").fetchall()
        made = [(field_hash, keyed(new, f"{kind}{SEPARATOR}{original}")) for field_hash, kind, original in people]
        stones = connection.execute("select field_hash from vault.erasures order by 1").fetchall()
        connection.execute(
            "insert into vault.older_tombstones (field_hash, generation) select field_hash, %s from vault.erasures"
            " on conflict do nothing",
            (generation,),
        )
        over = [(field_hash, keyed(new, field_hash)) for (field_hash,) in stones]
        for table, pairs in (("vault.persons", made), ("vault.erasures", over), ("vault.older_tombstones", over)):
            _replace(connection, table, pairs)
        connection.execute("update vault.keys set retired_key = %s where generation = %s", (old, generation))
        connection.execute(
            "insert into vault.keys (generation, key_check) values (%s, %s)", (generation + 1, key_check(new))
        )
    return Rekeyed(len(made), len(over))


def _replace(connection: Connection, table: str, pairs: Sequence[tuple[str, str]]) -> None:
    statement = (
        f"update {table} as t set field_hash = p.new from unnest(%s::text[], %s::text[]) as p(old, new)"  # noqa: S608 - our own names
        " where t.field_hash = p.old"
    )
    for start in range(0, len(pairs), BATCH):
        some = pairs[start : start + BATCH]
        changed = connection.execute(statement, ([old for old, _ in some], [new for _, new in some])).rowcount
        if changed != len(some):
            raise StepError(f"{table} changed while its key was replaced: nothing was done, rerun")
