"""What a figure is made of: its terms and the deals that add up to it to the cent, each down to the landed record and its load.

In: a metric, a node, a period and a published day. Out: an `Explanation`, read from that day's build, the landing table and `ops`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

import psycopg
from psycopg import sql

from warehouse import setting_rows
from warehouse.clock import cutoff
from warehouse.connection import connect
from warehouse.steps import StepError

Metric = Literal["forecast", "open_pipeline", "weighted_pipeline"]
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Definition:
    """What a metric means. `factor`: what a deal's amount is multiplied by."""

    metric_id: str
    zh: str
    en: str
    formula: str
    factor: Literal["p_win_by_period_end", "one", "set_rate"]
    date_basis: str


_IN_PERIOD = "expected close date inside the period"
DEFINITIONS: dict[str, Definition] = {
    "forecast": Definition(
        "M3.forecast",
        "期间预测",
        "period forecast",
        "won to date + Σ expected final amount × p_win_by_period_end + new business",
        "p_win_by_period_end",
        "winning stage event; every open deal, also those dated later",
    ),
    "open_pipeline": Definition("M2.open", "在手商机金额", "open pipeline", "Σ amount", "one", _IN_PERIOD),
    "weighted_pipeline": Definition(
        "M3.set_rate", "加权商机金额", "weighted pipeline", "Σ amount × set_rate(stage)", "set_rate", _IN_PERIOD
    ),
}
_BUILD = """
    select p.build_id, to_regnamespace('build_' || p.build_id) is not null from ops.publications as p
    where p.as_of = %s order by p.publication_id desc limit 1
"""
_DEALS = """
    select d.opportunity_id, d.system, d.opportunity_name, d.account_name, d.owner_name, d.stage_code, {amount},
           d.p_win_by_period_end::numeric
    from {deals} as d
    join features.opportunity_nodes as n on n.opportunity_id = d.opportunity_id and n.as_of_date = %(day)s and n.node_id = %(node)s
    where d.open_gross_amount is not null and (%(every)s or d.close_period_id = %(period)s) order by d.opportunity_id
"""
_OPEN = "d.open_gross_amount"
# A build published before expected final amounts were kept has no such column: there the open amount stands.
_FINAL = "coalesce((to_jsonb(d) ->> 'final_gross_amount')::numeric, d.open_gross_amount)"
_FORECAST = """
    select won, from_open, from_new, mean from {forecast} where node_id = %(node)s and period_id = %(period)s
"""
_LANDED = """
    select distinct on (record_id) record_id, load_id, changed_at from {landing}
    where record_id = any(%s) and known_at <= %s order by record_id, changed_at desc, known_at desc, load_id desc
"""


@dataclass(frozen=True, slots=True)
class Deal:
    """One line: `contribution` = `amount` × `factor`, rounded to the cent; then the landed version that it was read from."""

    opportunity_id: str
    name: str
    account: str
    owner: str
    stage: str
    amount: Decimal
    factor: Decimal
    contribution: Decimal
    landing: str
    load_id: str | None
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A figure with all that it is made of: `value` = Σ terms + Σ contributions of deals."""

    metric: str
    node: str
    period: str
    as_of: date
    build_id: str
    value: Decimal
    terms: dict[str, Decimal]
    deals: list[Deal]

    @property
    def definition(self) -> Definition:
        """What the metric means."""
        return DEFINITIONS[self.metric]


def explain(metric: str, node: str, period: str, as_of: date) -> Explanation:
    """Explain `metric` at `node` for `period` as the build published for `as_of` says it.

    Raises StepError when that day was not published, its build was dropped, or it has no such node and period.
    """
    definition = DEFINITIONS[metric]
    with connect("checker") as connection:
        schema, build_id = _build(connection, as_of)
        asked = {"day": as_of, "node": node, "period": period, "every": metric == "forecast"}
        amount = sql.SQL(_FINAL if metric == "forecast" else _OPEN)
        query = sql.SQL(_DEALS).format(deals=sql.Identifier(schema, "mart_open_opportunities"), amount=amount)
        found = connection.execute(query, asked).fetchall()
        rates = _set_rates(as_of) if definition.factor == "set_rate" else {}
        landed = _landed(connection, found, as_of)
        deals = [_deal(row, definition, rates, landed) for row in found]
        total = sum((deal.contribution for deal in deals), Decimal(0))
        if metric != "forecast":
            return Explanation(metric, node, period, as_of, build_id, total, {}, deals)
        query = sql.SQL(_FORECAST).format(forecast=sql.Identifier(schema, "mart_period_forecast"))
        forecast = connection.execute(query, asked).fetchone()
    if forecast is None:
        raise StepError(
            f"build {build_id} has no forecast of node {node} for {period}: take both from published.mart_period_forecast"
        )
    won, from_open, from_new, mean = forecast
    terms = {"won": won, "from_new": from_new, "rounding": from_open - total}
    return Explanation(metric, node, period, as_of, build_id, mean, terms, deals)


def _build(connection: psycopg.Connection, as_of: date) -> tuple[str, str]:
    found = connection.execute(_BUILD, (as_of,)).fetchone()
    if found is None:
        raise StepError(f"no build of {as_of} was published: run the night of that day, or choose a published day")
    build_id, is_kept = found
    if not is_kept:
        raise StepError(f"the marts of build {build_id} were dropped by retention: choose a day that is kept")
    return f"build_{build_id}", build_id


def _set_rates(as_of: date) -> dict[str, Decimal]:
    """Stage → set rate as the night of `as_of` saw it."""
    with connect("loader") as connection:
        held = setting_rows.holding(connection, as_of, as_of - timedelta(days=1))
    return {key: Decimal(str(value["set_rate"])) for (kind, key), value in held.items() if kind == "stage"}


def _landed(connection: psycopg.Connection, found: list[Any], as_of: date) -> dict[str, tuple[str, datetime]]:
    """Opportunity → load and change of its current landed version on that day."""
    by_system: dict[str, list[str]] = {}
    for opportunity_id, system, *_ in found:
        by_system.setdefault(system, []).append(opportunity_id)
    landed = {}
    for system, ids in by_system.items():
        query = sql.SQL(_LANDED).format(landing=sql.Identifier("landing", f"{system}__opportunities"))
        for record_id, load_id, changed_at in connection.execute(query, (ids, cutoff(as_of))):
            landed[record_id] = (load_id, changed_at)
    return landed


def _deal(
    row: tuple[Any, ...], definition: Definition, rates: dict[str, Decimal], landed: dict[str, tuple[str, datetime]]
) -> Deal:
    opportunity_id, system, name, account, owner, stage, amount, p = row
    factors = {"p_win_by_period_end": p, "one": Decimal(1), "set_rate": rates.get(stage)}
    factor = factors[definition.factor] or Decimal(0)
    contribution = (amount * factor).quantize(CENT, ROUND_HALF_UP)
    load_id, changed_at = landed.get(opportunity_id, (None, None))
    return Deal(
        opportunity_id, name or "", account or "", owner or "", stage or "", amount, factor, contribution,
        f"landing.{system}__opportunities", load_id, changed_at,
    )  # fmt: skip
