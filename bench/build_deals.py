"""The synthetic company of `bench.build`, landed by one statement a step: deals as the CRM sends them, a quarter open, a quarter won.

In: how many, and the business day on which they become known. Out: rows of `landing.fxiaoke__opportunities`.
"""

from datetime import date

from warehouse.clock import cutoff
from warehouse.connection import connect

_OPENED, _SPAN = (
    1_750_000_000_000,
    157_680_000_000,
)  # ms: when the open deals were created, and the five years of the others
LANDED = "landing.fxiaoke__opportunities"
_LAND = f"""
    insert into {LANDED}
    select
        id, record, md5(record::text), %(known)s::timestamptz - interval '1 hour',
        %(known)s::timestamptz, %(known)s::timestamptz, %(load)s::text, false
    from (
        select %(prefix)s::text || n as id, jsonb_build_object(
            'name', 'deal ' || n, 'account_id', 'A' || n %% 5000, 'owner', jsonb_build_array((1000 + n %% 50)::text),
            'sales_process_id', 'equipment', 'currency__c', 'CNY', 'life_status', 'normal',
            'amount', (100000 + n + %(step)s::int)::text || '.00', 'create_time',
                (case when n %% 4 = 0 then %(opened)s else %(opened)s - %(span)s + %(span)s * n / %(last)s end)::bigint::text,
            'sales_stage', case when n %% 4 = 0 then (array['eq_lead', 'eq_need', 'eq_quote'])[1 + (n / 4) %% 3]
                when n %% 4 = 1 then 'won' else 'lost' end
        ) as record
        from generate_series(1, %(last)s::int) as numbers (n)
        where (n %% 4 = 0) = any (%(which)s::boolean[])
    ) as deals"""  # noqa: S608 - our own constant


def land(deals: int, day: date) -> None:
    """The company as it is known first on `day`."""
    _run("D", deals, day, [True, False])


def change(deals: int, day: date) -> None:
    """`deals` open ones get another amount on `day`."""
    _run("D", deals * 4, day, [True], step=day.toordinal())


def double_closed(deals: int, day: date) -> None:
    """As many closed deals again as a company of `deals` has, under ids of their own."""
    _run("E", deals, day, [False])


def _run(prefix: str, last: int, day: date, are_open: list[bool], *, step: int = 0) -> None:
    given = {
        "known": cutoff(day), "load": f"bench-{day}-{prefix}", "prefix": prefix, "last": last, "step": step,
        "which": are_open, "opened": _OPENED, "span": _SPAN,
    }  # fmt: skip
    with connect("loader") as connection:
        connection.execute(_LAND.encode(), given)
