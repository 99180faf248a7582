"""The vault: a personal value's token in exchange for the value, which stays here and is readable by `loader` alone.

In: (kind, value) pairs of one page. Out: a token for each, the same for the same value, also after the value was erased (`erasure.py`).
The look-up key is a keyed hash, so the vault cannot be searched by trying phone numbers without `LANDFALL_VAULT_KEY`.
"""

import hmac
import secrets
from collections.abc import Iterable

from config.settings import settings
from warehouse.steps import StepError
from warehouse.walks import Loading

Value = tuple[str, str]
_EXCHANGE = """
with offered as (
    select * from unnest(%s::text[], %s::text[], %s::text[], %s::text[]) as o(field_hash, token, kind, original)
),
erased as (
    select field_hash, token from vault.erasures where field_hash in (select field_hash from offered)
),
added as (
    insert into vault.persons (field_hash, token, kind, original, first_load_id)
    select field_hash, token, kind, original, %s from offered
    where field_hash not in (select field_hash from erased)
    order by field_hash
    on conflict (field_hash) do nothing
    returning field_hash, token
)
select field_hash, token from added
union all
select field_hash, token from erased
union all
select field_hash, token from vault.persons where field_hash in (select field_hash from offered)"""


def _keyed(key: str, value: Value) -> str:
    return hmac.digest(key.encode(), "\x1f".join(value).encode(), "sha256").hex()


def tokens(connection: Loading, values: Iterable[Value], load_id: str) -> dict[Value, str]:
    """A token for each distinct (kind, value), in one statement; new values enter the vault under `load_id`.

    Drawn at random, or derived from value and `LANDFALL_TOKEN_SEED` where that is set. Raises StepError without a vault key.
    """
    key, seed = settings().vault_key.get_secret_value(), settings().token_seed.get_secret_value()
    if not key:
        raise StepError(
            "personal fields cannot be kept without a key: set LANDFALL_VAULT_KEY to a long random text, then rerun"
        )
    by_hash = {_keyed(key, value): value for value in set(values)}
    if not by_hash:
        return {}
    fresh = [f"p_{_keyed(seed, value)[:24] if seed else secrets.token_hex(12)}" for value in by_hash.values()]
    found = connection.execute(
        _EXCHANGE,
        (
            list(by_hash),
            fresh,
            [kind for kind, _ in by_hash.values()],
            [original for _, original in by_hash.values()],
            load_id,
        ),
    ).fetchall()
    return {by_hash[field_hash]: token for field_hash, token in found}
