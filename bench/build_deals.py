"""The synthetic company of `bench.build`, landed by one statement a step: opportunities as the CRM sends them, three of four closed.

In: how many, and the business day on which they become known. Out: rows of `landing.fxiaoke__opportunities`.
"""

from datetime import date

from warehouse.clock import cutoff
from warehouse.connection import connect

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
            'amount', (100000 + n + %(step)s::int)::text || '.00', 'create_time', %(created)s::text,
            'sales_stage', case when n %% 4 = 0 then (array['eq_lead', 'eq_need', 'eq_quote'])[1 + (n / 4) %% 3] else %(closed)s::text end
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
        "created": "1750000000000", "closed": "lost", "which": are_open,
    }  # fmt: skip
    with connect("loader") as connection:
        connection.execute(_LAND.encode(), given)
