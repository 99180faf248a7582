"""The vault: a personal value's token in exchange for the value, which stays here and is readable by `loader` alone.

In: (kind, value) pairs of one page. Out: a token for each, the same for the same value, also after the value was erased (`erasure.py`).
The look-up key is a keyed hash, so the vault cannot be searched by trying phone numbers without `LANDFALL_VAULT_KEY`.
"""

import secrets
from collections.abc import Iterable

from config.settings import settings
from warehouse.steps import StepError
from warehouse.vault_keys import SEPARATOR, Keyed, aliases, generation_of
from warehouse.walks import Loading

Value = tuple[str, str]
_KNOWN = """
select string_agg(coalesce((select p.token from vault.persons as p where p.field_hash = o.field_hash), ''), ',' order by o.place)
from unnest(string_to_array(%s, ',')) with ordinality as o (field_hash, place)"""  # each by the index, however many there are
_EXCHANGE = """
with offered as (
    select * from unnest(
        string_to_array(%s, ','), string_to_array(%s, ','), string_to_array(%s, ','), %s::text[]
    ) as o(field_hash, token, kind, original)
),
named as (
    select * from unnest(%s::text[], %s::text[]) as n(known_as, field_hash)
    union all
    select field_hash, field_hash from offered
),
erased as (
    select n.field_hash, e.token from vault.erasures as e join named as n on n.known_as = e.field_hash
),
added as (
    insert into vault.persons (field_hash, token, kind, original, first_load_id)
    select field_hash, token, kind, original, %s from offered
    where field_hash not in (select field_hash from erased)
    order by field_hash
    on conflict do nothing
    returning field_hash, token
)
select field_hash, token from added
union all
select field_hash, token from erased"""


def tokens(connection: Loading, values: Iterable[Value], load_id: str) -> dict[Value, str]:
    """A token for each distinct (kind, value); new values enter the vault under `load_id`, all in one statement.

    Drawn at random, or derived from value and `LANDFALL_TOKEN_SEED` where that is set. Raises StepError without a vault key, and for a
    value whose token is another one's.
    """
    return tokens_of(connection, hashed(values), load_id)


def refuse_another_key(connection: Loading) -> None:
    """Raises StepError where the key that was set is not the vault's, also before it is needed."""
    if key := settings().vault_key.get_secret_value():
        with connection.transaction():
            generation_of(connection, key)


def hashed(values: Iterable[Value]) -> dict[str, Value]:
    """Each distinct (kind, value) by its look-up hash. Raises StepError without a vault key."""
    made = Keyed(_key())
    return {made(SEPARATOR.join(value)): value for value in set(values)}


def tokens_of(connection: Loading, by_hash: dict[str, Value], load_id: str) -> dict[Value, str]:
    """As `tokens`, of values that have been `hashed`."""
    key = _key()
    with connection.transaction():
        generation_of(connection, key)
        if not by_hash:
            return {}
        found = _held(connection, by_hash)
        others = {field_hash: value for field_hash, value in by_hash.items() if value not in found}
        if others:
            found |= _exchanged(connection, key, others, load_id)
        raced = {field_hash: value for field_hash, value in others.items() if value not in found}
        found |= _held(connection, raced) if raced else {}
        for kind, _ in raced.values() - found.keys():
            raise StepError(
                f"the token made for a value of kind {kind} is another value's: nothing was kept, {_way_out()}"
            )
        return found


def _way_out() -> str:
    """What gives a value another token than the one that was taken."""
    if settings().token_seed.get_secret_value():
        return (
            "set LANDFALL_TOKEN_SEED to another text or to none (values that are known keep their tokens), then rerun"
        )
    return "rerun, another one is drawn"


def _key() -> str:
    key = settings().vault_key.get_secret_value()
    if not key:
        raise StepError(
            "personal fields cannot be kept without a key: set LANDFALL_VAULT_KEY to a long random text, then rerun"
        )
    return key


def _held(connection: Loading, by_hash: dict[str, Value]) -> dict[Value, str]:
    """The tokens of the values that the vault holds."""
    ((known,),) = connection.execute(_KNOWN, (",".join(by_hash),))
    return {value: token for value, token in zip(by_hash.values(), known.split(","), strict=True) if token}


def _exchanged(connection: Loading, key: str, by_hash: dict[str, Value], load_id: str) -> dict[Value, str]:
    """A token for each value that the vault did not hold: one of its own, or the one from before it was erased; none where another system's
    extraction put the value in meanwhile."""
    seed = settings().token_seed.get_secret_value()
    seeded = Keyed(seed)
    fresh = [f"p_{seeded(SEPARATOR.join(value))[:24] if seed else secrets.token_hex(12)}" for value in by_hash.values()]
    earlier = aliases(connection, key, (SEPARATOR.join(value) for value in by_hash.values()))
    found = connection.execute(
        _EXCHANGE,
        (
            ",".join(by_hash),
            ",".join(fresh),
            ",".join(kind for kind, _ in by_hash.values()),
            [original for _, original in by_hash.values()],
            list(earlier),
            list(earlier.values()),
            load_id,
        ),
    ).fetchall()
    return {by_hash[field_hash]: token for field_hash, token in found}
