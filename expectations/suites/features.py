"""May the model be fed this? The day's rows against the contract, the spine and the clock."""

from datetime import date
from string import Template

from expectations.checks import Suite, has_rows, holds, never_null, no_rows, unique, within
from expectations.contract import promised_columns
from expectations.suites.features_outcomes import outcome_suites
from warehouse.clock import cutoff

ALWAYS_KNOWN = ("age_days", "days_in_stage", "days_to_period_end", "has_amount")
NOT_NEGATIVE = (
    "age_days",
    "days_in_stage",
    "stage_moves_count",
    "stage_regressions_count",
    "stage_skips_count",
    "open_gross_amount",
    "close_date_pushes_count",
    "interactions_count_14d",
    "interactions_count_30d",
    "interactions_count_90d",
    "inbound_count_90d",
    "meetings_count_90d",
    "days_since_last_interaction",
    "interaction_channels_count_90d",
    "account_won_count_730d",
    "account_open_count",
    "owner_open_count",
    "days_to_period_end",
    "days_to_year_end",
)

_NEWEST = """
select f.*, f.opportunity_id as record_id,
    f.cutoff_at = $cutoff as is_cut_at_the_day,
    coalesce(f.latest_event_at < f.cutoff_at, true) as is_event_before_cutoff,
    coalesce(f.latest_known_at <= f.cutoff_at, true) as is_known_by_cutoff,
    coalesce(f.interactions_count_14d <= f.interactions_count_30d and f.interactions_count_30d <= f.interactions_count_90d, true)
        as is_window_nested,
    coalesce(f.age_days + f.days_to_close_date >= 0, true) as is_close_after_creation,
    f.owner_id is not null or not exists (select from features.opportunity_features where owner_id is not null) as is_owner_told
from features.opportunity_features as f
where f.as_of_date = $as_of and not exists (
    select from features.opportunity_features as later
    where later.opportunity_id = f.opportunity_id and later.as_of_date = f.as_of_date and later.revision > f.revision)
"""
_SPINE = """
select s.opportunity_id as record_id,
    s.opportunity_id in (select opportunity_id from features.opportunity_features where as_of_date = $as_of) as has_features,
    s.opportunity_id in (select opportunity_id from features.opportunity_nodes where as_of_date = $as_of) as has_node
from intermediate.int_open_opportunities_as_of as s where s.as_of_date = $as_of
"""
_COLUMNS = """
select p.column_name as record_id, c.column_name is not null as is_present, coalesce(c.data_type = p.data_type, false) as has_promised_type
from (values $promised) as p (column_name, data_type)
left join information_schema.columns as c
    on c.table_schema = 'features' and c.table_name = 'opportunity_features' and c.column_name = p.column_name
"""
_LATER = """
select distinct opportunity_id as record_id from features.opportunity_features
where as_of_date > greatest($as_of, (select max(as_of) from ops.gate_verdicts where border = 'landing'))
"""
_UNMAPPED = "select system || '|' || sales_process || '|' || stage_value as record_id from intermediate.int_stage_values_unmapped"


def suites(as_of: date) -> list[Suite]:
    """The suites of the features border."""
    again = f"run `python -m nightly dbt features --as-of {as_of}`, then rerun the gate"
    promised = ", ".join(f"('{name}', '{kind}')" for name, kind in promised_columns("opportunity_features").items())

    def filled(query: str) -> str:
        return Template(query).substitute(
            as_of=f"date '{as_of}'", cutoff=f"timestamptz '{cutoff(as_of).isoformat()}'", promised=promised
        )

    table = "features.opportunity_features"
    return [
        Suite(
            "features.contract",
            table,
            filled(_COLUMNS),
            again,
            (
                holds("is_present", "a missing column stops the run, it is never filled in"),
                holds("has_promised_type", "the model reads types, not guesses"),
            ),
        ),
        Suite(
            "features.rows",
            table,
            filled(_NEWEST),
            again,
            (
                has_rows("a day without open deals means that the spine broke"),
                unique(["opportunity_id"], "one newest row a deal and day"),
                never_null("opportunity_id", "a key"),
                holds("is_cut_at_the_day", "features of a day end at its cutoff"),
                holds("is_event_before_cutoff", "an event after the cutoff would be a look ahead"),
                holds("is_known_by_cutoff", "knowledge after the cutoff would be a look ahead"),
                holds("is_window_nested", "a longer window cannot hold fewer contacts"),
                never_null("stage_code", "a fifth of the deals without a stage is a lost stage map", mostly=0.8),
                never_null(
                    "stage_code", "each deal without a stage is scored without its strongest feature", level="warning"
                ),
                never_null(
                    "open_gross_amount",
                    "three in ten young deals have no amount; nine in ten would be a lost field",
                    mostly=0.1,
                ),
                never_null("owner_id", "a deal without an owner counts at the company only", level="warning"),
                holds("is_owner_told", "a fifth without an owner, where deals had owners, is a lost field", mostly=0.8),
                holds("is_close_after_creation", "expected to close before it was created: a slip", level="warning"),
                holds(
                    "is_close_after_creation", "one in fifty means that one of the two dates is mixed up", mostly=0.98
                ),
                *(
                    never_null(name, "computed from dates and counts that every deal has", mostly=0.99)
                    for name in ALWAYS_KNOWN
                ),
                *(
                    within(name, 0, None, "a count or an age is not negative, and an amount below zero is none")
                    for name in NOT_NEGATIVE
                ),
                within("stage_set_rate", 0, 1, "a probability"),
                within("owner_win_rate_365d", 0, 1, "a share"),
            ),
        ),
        Suite(
            "features.spine",
            table,
            filled(_SPINE),
            again,
            (
                has_rows("a day without open deals means that the spine broke"),
                holds("has_features", "an open deal without a row would not be scored"),
                holds("has_node", "an open deal without a node would be missing in the forecast"),
            ),
        ),
        Suite(
            "features.later_days",
            table,
            filled(_LATER),
            again,
            (
                no_rows(
                    "deals with features of later days",
                    "of a day not read yet they would be a look ahead",
                    level="critical",
                ),
            ),
        ),
        *outcome_suites(as_of),
        Suite(
            "features.stages",
            "intermediate.int_stage_values_unmapped",
            _UNMAPPED,
            "add the value to the stage map (kind stage_map in the settings), then rerun the night",
            (
                no_rows(
                    "stage values that nothing maps",
                    "deals in an unknown stage keep their value but have no stage code",
                    level="warning",
                ),
            ),
        ),
    ]
