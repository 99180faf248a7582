"""Hand-made features, scores and marts of one day, sound to begin with, for the tests of the later gates."""

from collections.abc import Sequence
from datetime import date

from expectations.contract import promised_columns
from tests.expectations.landings import execute
from warehouse.builds import Build, open_build
from warehouse.clock import cutoff

DAY = date(2026, 1, 5)
DEALS = ("O-1", "O-2", "O-3")
_KNOWN = {
    "revision": "1",
    "owner_id": "'1001'",
    "sales_process": "'parts'",
    "stage_code": "'S2'",
    "open_gross_amount": "100.00",
    "stage_set_rate": "0.3",
    "features_hash": "'h'",
    "period_id": "'2026Q1'",
    "owner_win_rate_365d": "0.25",
}
_OTHERWISE = {"integer": "1", "numeric": "1", "double precision": "1", "boolean": "false", "text": "null"}


def make_features(names: Sequence[str] = DEALS) -> None:
    """Tables of the features layer with three open deals, or these, and a company of one team on DAY."""
    columns = promised_columns("opportunity_features")
    values = _KNOWN | {
        "as_of_date": f"date '{DAY}'",
        "cutoff_at": f"timestamptz '{cutoff(DAY)}'",
        "latest_event_at": "'2026-01-05 10:00+08'",
        "latest_known_at": f"'{cutoff(DAY)}'",
    }
    listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    rows = ", ".join(
        "("
        + ", ".join(
            f"'{deal}'" if name == "opportunity_id" else values.get(name) or _OTHERWISE[kind]
            for name, kind in columns.items()
        )
        + ")"
        for deal in names
    )
    deals = ", ".join(f"('{deal}', date '{DAY}')" for deal in names)
    execute(
        "transformer",
        "drop table if exists features.opportunity_features, features.opportunity_nodes, features.opportunity_outcomes, "
        "features.period_features, intermediate.int_open_opportunities_as_of, intermediate.int_stage_values_unmapped, "
        "features.lead_features, intermediate.int_open_leads_as_of",
        f"create table intermediate.int_open_leads_as_of as select * from (values ('L-1', date '{DAY}')) as v (lead_id, as_of_date)",
        "create table features.lead_features as select lead_id, as_of_date, 'web' as lead_source, 3 as age_days, "
        f"timestamptz '{cutoff(DAY)}' as cutoff_at, timestamptz '2026-01-05 10:00+08' as latest_event_at, "
        f"timestamptz '{cutoff(DAY)}' as latest_known_at from intermediate.int_open_leads_as_of",
        f"create table features.opportunity_features ({listed})",
        f"insert into features.opportunity_features values {rows}",
        f"create table intermediate.int_open_opportunities_as_of as select * from (values {deals}) as v (opportunity_id, as_of_date)",
        f"create table features.opportunity_nodes as select opportunity_id, as_of_date, node_id from (values {deals}) as v "
        "(opportunity_id, as_of_date) cross join (values ('company'), ('T1')) as n (node_id)",
        "create table features.opportunity_outcomes as select opportunity_id, 'open' as outcome, date '2026-01-01' as created_on, "
        f"null::date as closed_on, null::date as outcome_known_on from (values {deals}) as v (opportunity_id, as_of_date)",
        f"create table features.period_features as select date '{DAY}' as as_of_date, node_id, 'current' as window_id, parent_node_id, "
        "'current' as window_kind, '2026Q1' as period_id, won::numeric(18,2) as won_gross_amount "
        "from (values ('company', null, 30), ('T1', 'company', 30)) as v (node_id, parent_node_id, won)",
        "create table intermediate.int_stage_values_unmapped (system text, sales_process text, stage_value text)",
    )


def make_build() -> Build:
    """A build of DAY on top of `make_features`: a model, scores, a forecast and the four marts."""
    execute(
        "ml",
        """insert into scores.models (model_version, model_name, as_of, tier, digest, metrics, is_promoted, reason)
                     values ('win-1', 'win', '2026-01-01', 'smoothed', 'd', '{}', true, 'test') on conflict do nothing""",
    )
    build = open_build(DAY)
    own, schema = f"'{build.build_id}'", build.schema
    execute("owner_ddl", "truncate scores.opportunity_scores, scores.period_forecasts")
    horizons = '{"7": 0.1, "14": 0.2, "30": 0.3, "60": 0.35, "90": 0.4}'
    execute(
        "ml",
        f"""insert into scores.opportunity_scores (build_id, opportunity_id, as_of, p_win_ever, p_win_by_period_end, p_win_by_horizon,
                expected_close_week, tier, model_version, base_log_odds, contributions, reasons, features_digest, final_gross_amount)
            select {own}, deal, '{DAY}', 0.5, 0.4, '{horizons}', '2026-02-02',
                'smoothed', 'win-1', 0, '{{}}', '[{{"theme": "stage"}}]', 'f', 100
            from unnest(array{list(DEALS)}) as deal""",
        f"""insert into scores.period_forecasts (build_id, node_id, period_id, measure, won, from_open, from_new, mean, p10, p50, p90)
            select {own}, node, '2026Q1', 'signed_gross_amount', 30, 120, 50, 200, 150, 190, 260
            from unnest(array['company', 'T1']) as node""",
    )
    execute(
        "transformer",
        *(
            f"drop table if exists {schema}.{name}"
            for name in ("mart_build", "mart_forecast_movement", "mart_open_opportunities", "mart_period_forecast")
        ),
        f"""create table {schema}.mart_open_opportunities as select build_id, opportunity_id, p_win_ever, p_win_by_period_end,
                40.00::numeric(18,2) as expected_gross_amount, 125.00::numeric(18,2) as open_gross_amount, 'S2' as stage_code
            from scores.opportunity_scores""",
        f"""create table {schema}.mart_period_forecast as select *, p10 is not null as has_range, 210.00::numeric(18,2) as target,
                case node_id when 'T1' then 'company' end as parent_node_id from scores.period_forecasts""",
        f"""create table {schema}.mart_forecast_movement as select {own}::text as build_id, 'company' as node_id, '2026Q1' as period_id,
                amount::numeric(18,2), 12.00::numeric(18,2) as mean_change from (values (20), (-8)) as v (amount)""",
        f"""create table {schema}.mart_build as select {own}::text as build_id, date '{DAY}' as as_of, 3 as open_count, 3 as scored_count,
                'win-1' as model_version, '{{}}'::jsonb as freshness""",
    )
    return build
