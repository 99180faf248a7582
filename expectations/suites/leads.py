"""Leads at two borders: may the model be fed their rows, may the CRM be told their scores? Without leads both pass: nothing is scored."""

from datetime import date
from string import Template

from expectations.checks import Suite, holds, never_null, within
from warehouse.builds import Build
from warehouse.clock import cutoff

_FEATURES = """
select s.lead_id as record_id, f.lead_id is not null as has_features, f.lead_source, f.age_days,
    coalesce(f.cutoff_at = $cutoff, f.lead_id is null) as is_cut_at_the_day,
    coalesce(f.latest_event_at < f.cutoff_at, true) as is_event_before_cutoff,
    coalesce(f.latest_known_at <= f.cutoff_at, true) as is_known_by_cutoff
from intermediate.int_open_leads_as_of as s
left join features.lead_features as f on f.lead_id = s.lead_id and f.as_of_date = s.as_of_date
where s.as_of_date = $as_of
"""
_SCORES = """
select coalesce(s.lead_id, o.lead_id) as record_id, s.p_convert_90d,
    s.lead_id is not null as is_scored,
    o.lead_id is not null as is_open,
    coalesce(s.as_of = $as_of and s.model_version = '$model', true) as is_from_this_build,
    coalesce(jsonb_array_length(s.reasons) > 0, true) as has_reasons
from (select * from scores.lead_scores where build_id = '$build_id') as s
full join (select lead_id from intermediate.int_open_leads_as_of where as_of_date = $as_of) as o on o.lead_id = s.lead_id
where '$model' <> ''
"""


def feature_suite(as_of: date) -> Suite:
    """The day's rows of leads against their spine and the clock."""
    query = Template(_FEATURES).substitute(as_of=f"date '{as_of}'", cutoff=f"timestamptz '{cutoff(as_of).isoformat()}'")
    return Suite(
        "features.leads",
        "features.lead_features",
        query,
        f"run `python -m nightly dbt features --as-of {as_of}`, then rerun the gate",
        (
            holds("has_features", "an open lead without a row would not be scored"),
            holds("is_cut_at_the_day", "features of a day end at its cutoff"),
            holds("is_event_before_cutoff", "an event after the cutoff would be a look ahead"),
            holds("is_known_by_cutoff", "knowledge after the cutoff would be a look ahead"),
            never_null("lead_source", "most leads without a source is a lost field", mostly=0.2, level="warning"),
            within("age_days", 0, 89, "older leads are over, younger ones are not created yet"),
        ),
    )


def score_suite(build: Build) -> Suite:
    """The build's scores of leads; nothing is asked of a build without a lead model."""
    query = Template(_SCORES).substitute(
        as_of=f"date '{build.as_of}'", build_id=build.build_id, model=build.lead_model_version or ""
    )
    return Suite(
        "scores.leads",
        "scores.lead_scores",
        query,
        f"run `python -m ml score --as-of {build.as_of}` and the steps after it",
        (
            holds("is_scored", "every open lead is scored, once"),
            holds("is_open", "a lead that is over must not be told a chance"),
            within("p_convert_90d", 0, 1, "a probability"),
            holds("is_from_this_build", "the model and day that the build names"),
            holds("has_reasons", "a number without reasons persuades nobody", level="warning"),
        ),
    )
