"""A small organisation as dbt leaves it: what readers may see and settings may name."""

from datetime import date

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
