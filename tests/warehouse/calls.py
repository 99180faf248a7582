"""A published company for the tests of people's numbers: the forecast of every node and three open deals."""

from datetime import date

from tests.warehouse.nights import Nights
from tests.warehouse.organisation import PARENTS, organise
from warehouse.builds import Build
from warehouse.publish import publish

DAY = date(2026, 5, 18)  # a Monday
LEVELS = {"C": "company", "N": "region", "S": "region"}
MEANS = {"C": "1000.00", "N": "600.00", "S": "400.00"}
DEALS = (
    ("O-1", "上海甲公司 <b>产线</b>", "ann", "N1", "N"),
    ("O-2", "乙公司", "bob", "N2", "N"),
    ("O-3", "丙公司", "cai", "S1", "S"),
)


def publish_forecast(nights: Nights, as_of: date = DAY, parents: dict[str, str | None] = PARENTS) -> Build:
    """Publish a build of `as_of`: means by node (others 100.00), P10 and P90 at 80 % and 120 %, deals of 200.00 at 50 %."""
    organise(nights, as_of, parents)
    build = nights.build(as_of)
    nodes = ", ".join(
        f"('{build.build_id}', '{node}', '2026Q2', {f'{chr(39)}{parent}{chr(39)}' if parent else 'null'}, '{LEVELS.get(node, 'team')}',"
        f" '节点 {node}', 1200.00::numeric(18,2), 50.00::numeric(18,2), {MEANS.get(node, '100.00')}::numeric(18,2))"
        for node, parent in parents.items()
    )
    deals = ", ".join(
        f"('{build.build_id}', '{deal}', '{name}', '客户', '{owner}', '{owner}', '{team}', '{region}', 200.00::numeric(18,2), 0.5,"
        " 100.00::numeric(18,2))"
        for deal, name, owner, team, region in DEALS
    )
    nights.execute(
        "transformer",
        f"drop table {build.schema}.mart_build",
        f"create table {build.schema}.mart_build as select '{build.build_id}'::text as build_id, '{as_of}'::date as as_of,"
        " '2026Q2'::text as period_id, date '2026-06-30' as period_ends_on",
        f"create table {build.schema}.mart_period_forecast as select v.*, mean * 0.8 as p10, mean as p50, mean * 1.2 as p90"
        f" from (values {nodes}) as v (build_id, node_id, period_id, parent_node_id, node_level, node_name, target, won, mean)",
        f"create table {build.schema}.mart_open_opportunities as select * from (values {deals}) as v (build_id,"
        " opportunity_id, opportunity_name, account_name, owner_id, owner_name, team_id, region_id,"
        " gross_amount, p_win_by_period_end, expected_gross_amount)",
    )
    publish(as_of)
    return build
