"""A small organisation and its calendar as dbt leaves them: what readers may see and settings may name."""

from datetime import date
from itertools import pairwise

from tests.warehouse.nights import Nights

# company C: region N (team N1 with ann, team N2 with bob), region S (team S1 with cai); deal O-4 has no owner.
PARENTS = {
    "C": None,
    "N": "C",
    "S": "C",
    "N1": "N",
    "N2": "N",
    "S1": "S",
    "ann": "N1",
    "bob": "N2",
    "cai": "S1",
    "unassigned": "C",
}


def above(node: str, parents: dict[str, str | None]) -> list[str]:
    """The node and every node above it."""
    return [node] if parents[node] is None else [node, *above(str(parents[node]), parents)]


def organise(nights: Nights, as_of: date, parents: dict[str, str | None]) -> None:
    """Leave the organisation of a day as dbt does."""
    nodes = ", ".join(
        f"('{as_of}'::date, '{node}', {f'{chr(39)}{over}{chr(39)}' if over else 'null'})"
        for node, over in parents.items()
    )
    pairs = ", ".join(f"('{as_of}'::date, '{node}', '{over}')" for node in parents for over in above(node, parents))
    nights.execute(
        "transformer",
        "drop table if exists intermediate.int_org_nodes, intermediate.int_org_ancestors",
        f"create table intermediate.int_org_nodes as select * from (values {nodes}) as v (as_of_date, node_id, parent_node_id)",
        f"create table intermediate.int_org_ancestors as select * from (values {pairs}) as v (as_of_date, node_id, ancestor_id)",
    )


def keep_calendar(nights: Nights) -> None:
    """Leave the quarters of 2026 and 2027 as dbt does, by the calendar year."""
    firsts = [date(year, month, 1) for year in (2026, 2027, 2028) for month in (1, 4, 7, 10)]
    rows = ", ".join(
        f"('{first.year}Q{(first.month + 2) // 3}', 'quarter', '{first}'::date, '{after}'::date - 1, '1970-01-01'::timestamptz)"
        for first, after in pairwise(firsts)
    )
    nights.execute(
        "transformer",
        "drop table if exists intermediate.int_period_versions",
        f"create table intermediate.int_period_versions as select * from (values {rows})"
        " as v (period_id, period_kind, starts_on, ends_on, valid_from)",
    )
