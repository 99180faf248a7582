"""May people be told this? The tables of the build as readers would see them: there, of this build, complete, adding up."""

from string import Template

from expectations.checks import Suite, has_rows, holds, unique, within
from warehouse.builds import Build
from warehouse.frames import fetch_all

REQUIRED_MARTS = ("mart_build", "mart_forecast_movement", "mart_open_opportunities", "mart_period_forecast")
# Lists of exceptions, what cannot exist before a forecast period has closed, and what comes from systems that not every tenant has: no
# rows are no news.
MAY_BE_EMPTY = (
    *("mart_alerts", "mart_contribution", "mart_forecast_accuracy", "mart_opportunity_override"),
    *("mart_forecast_value_added", "mart_rep_bias", "rpt_feature_drift"),
    *("mart_chance_calibration", "mart_lead_conversion", "mart_version_accuracy", "rpt_gate_check", "rpt_publication"),
    *(
        "rpt_alert_delivery",
        "rpt_control_difference",
        "rpt_model_contender",
        "rpt_model_time",
        "rpt_rollback",
        "rpt_run_time",
    ),
    *("rpt_freshness", "rpt_lead_reconciliation", "rpt_rate_override", "rpt_stage_violation", "rpt_stuck_opportunity"),
    *(
        "fct_interaction",
        "fct_lead",
        "fct_order_line",
        "fct_receipt",
        "fct_receivable",
        "map_account",
        "map_opportunity",
        "map_owner",
        "map_product",
        "map_opportunity_order",
        "score_lead",
    ),
)

_MISSING = """
select r.name as record_id, r.name in (select t.tablename from pg_tables as t where t.schemaname = '$schema') as is_there
from (values $required) as r (name)
"""
_TABLES = """
select t.name as record_id, t.total > 0 or t.name in ($silent) as has_rows, t.own = t.total as is_of_this_build,
    t.total > 0 or t.name not in ($listed) as has_required_rows
from ($counts) as t
"""
_COUNT = "select '$name' as name, count(*) as total, count(*) filter (where build_id = '$build_id') as own from $schema.$name"
_DEALS = """
select coalesce(m.opportunity_id, o.opportunity_id) as record_id, m.p_win_by_period_end, m.p_win_ever,
    m.opportunity_id is not null as is_shown, o.opportunity_id is not null as is_open,
    m.opportunity_id is null or m.p_win_by_period_end is not null as is_scored,
    coalesce(m.p_win_by_period_end = s.p_win_by_period_end and m.p_win_ever = s.p_win_ever, true) as is_as_scored,
    coalesce(
        abs(m.expected_gross_amount - m.p_win_by_period_end::numeric * coalesce(s.final_gross_amount, m.open_gross_amount)) < 0.01, true
    ) as is_expected_amount_right,
    m.opportunity_id is null or m.stage_code is not null as has_stage
from $schema.mart_open_opportunities as m
full join (select opportunity_id from intermediate.int_open_opportunities_as_of where as_of_date = $as_of) as o
    on o.opportunity_id = m.opportunity_id
left join scores.opportunity_scores as s on s.build_id = '$build_id' and s.opportunity_id = m.opportunity_id
"""
_FORECASTS = """
select f.node_id || ' ' || f.period_id || ' ' || f.measure as record_id,
    coalesce(abs(f.mean - f.won - f.from_open - f.from_new) < 0.01, false) as is_sum_of_parts,
    coalesce(f.p10 <= f.p50 and f.p50 <= f.p90, not f.has_range) as is_range_ordered,
    coalesce(abs(f.mean - c.mean) < 0.03, true) as is_sum_of_children,
    f.has_range or coalesce(f.reason_no_range, '') <> '' as is_missing_range_explained,
    f.target is not null or f.won + f.from_open = 0 as has_target -- who left, or has just come, has no gap to show
from $schema.mart_period_forecast as f
left join (
    select parent_node_id, period_id, measure, sum(mean) as mean from $schema.mart_period_forecast
    group by parent_node_id, period_id, measure
) as c on c.parent_node_id = f.node_id and c.period_id = f.period_id and c.measure = f.measure
"""
_MOVEMENT = """
select node_id || ' ' || period_id as record_id,
    coalesce(abs(sum(amount) - max(mean_change)) < 0.01, max(mean_change) is null) as is_sum_of_change
from $schema.mart_forecast_movement group by node_id, period_id
"""
_BUILD = """
select build_id as record_id, build_id = '$build_id' and as_of = $as_of as is_this_build,
    coalesce(scored_count = open_count, false) as is_every_deal_scored,
    coalesce(model_version = '$model_version', false) as is_model_named, freshness is not null as has_freshness
from $schema.mart_build
"""


def suites(build: Build) -> list[Suite]:
    """The suites of the build's marts. A missing required mart leaves its own suite out: the first one blocks."""
    again = f"run `python -m nightly dbt marts --as-of {build.as_of}`, then rerun the gate"
    tables = [
        name
        for (name,) in fetch_all(
            "checker", "select tablename from pg_tables where schemaname = %s order by 1", (build.schema,)
        )
    ]
    counts = " union all ".join(
        Template(_COUNT).substitute(name=name, schema=build.schema, build_id=build.build_id) for name in tables
    )

    def filled(query: str) -> str:
        return Template(query).substitute(
            build_id=build.build_id,
            schema=build.schema,
            as_of=f"date '{build.as_of}'",
            model_version=build.model_version,
            counts=counts,
            required=", ".join(f"('{name}')" for name in REQUIRED_MARTS),
            listed=", ".join(f"'{name}'" for name in REQUIRED_MARTS),
            silent=", ".join(f"'{name}'" for name in MAY_BE_EMPTY),
        )

    found = [
        Suite(
            "marts.missing",
            build.schema,
            filled(_MISSING),
            again,
            (holds("is_there", "readers would meet an empty page"),),
        )
    ]
    if not set(REQUIRED_MARTS) <= set(tables):
        return found
    return [
        *found,
        Suite(
            "marts.tables",
            build.schema,
            filled(_TABLES),
            again,
            (
                holds("has_required_rows", "readers would meet an empty page"),
                holds("has_rows", "an empty page is worth a look", level="warning"),
                holds("is_of_this_build", "a mart holds one build only, or readers would meet a mixture"),
            ),
        ),
        Suite(
            "marts.deals",
            f"{build.schema}.mart_open_opportunities",
            filled(_DEALS),
            again,
            (
                unique(["record_id"], "one row a deal"),
                holds("is_shown", "every open deal is on the page"),
                holds("is_open", "a closed deal is not"),
                holds("is_scored", "every deal on the page has its probability"),
                holds("is_as_scored", "the page and the CRM say the same number"),
                within("p_win_by_period_end", 0, 1, "a probability"),
                within("p_win_ever", 0, 1, "a probability"),
                holds("is_expected_amount_right", "expected = probability × expected final amount, to the cent"),
                holds("has_stage", "a deal in an unknown stage is shown with the CRM's own word", level="warning"),
            ),
        ),
        Suite(
            "marts.forecasts",
            f"{build.schema}.mart_period_forecast",
            filled(_FORECASTS),
            again,
            (
                unique(["record_id"], "one row a node, period and measure"),
                holds("is_sum_of_parts", "mean = won + from open deals + from new business, to the cent"),
                holds("is_range_ordered", "P10 ≤ P50 ≤ P90 wherever there is a range"),
                holds(
                    "is_sum_of_children", "a node's mean is that of its children, to the cent of each of three parts"
                ),
                holds("is_missing_range_explained", "no range without the reason why"),
                holds("has_target", "a gap needs a target; set it in the settings, kind target", level="warning"),
            ),
        ),
        Suite(
            "marts.movement",
            f"{build.schema}.mart_forecast_movement",
            filled(_MOVEMENT),
            again,
            (holds("is_sum_of_change", "the reasons for a change add up to the change, to the cent"),),
        ),
        Suite(
            "marts.build",
            f"{build.schema}.mart_build",
            filled(_BUILD),
            again,
            (
                has_rows("one row that says what the reader looks at", most=1),
                holds("is_this_build", "the build and day on the page are those of the data"),
                holds("is_every_deal_scored", "as many scores as open deals"),
                holds("is_model_named", "a score names its model"),
                holds("has_freshness", "a page says how fresh its sources are"),
            ),
        ),
    ]
