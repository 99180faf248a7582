"""What a night came to, as read: every business figure from the published build (schema `published`), everything about the run from `ops`.

In: a day, or none for the published one. Out: rows as dictionaries, for the summary to lay out and for tests to compare.
"""

from datetime import date
from typing import Any

from warehouse.frames import fetch_all

Row = dict[str, Any]
PUBLISHED = {
    "build": "select * from published.mart_build",
    "forecast": "select * from published.mart_period_forecast where parent_node_id is null order by node_id limit 1",
    "movement": "select component, amount, mean_change from published.mart_forecast_movement order by component_order",
    "deals": "select * from published.mart_open_opportunities where p_win_by_period_end is not null "
    "order by expected_gross_amount * (1 - p_win_by_period_end) desc nulls last, opportunity_id limit 10",
}

# The scored leads of a build, and how its model did on the leads held out; figures are null where there were too few to judge it by.
LEADS = """
    select m.tier, (select count(*) from scores.lead_scores as s where s.build_id = b.build_id) as n,
        max(e.value) filter (where e.metric = 'lift_20') as lift, max(e.value) filter (where e.metric = 'roc_auc') as roc_auc
    from ops.builds as b
    join scores.models as m on m.model_version = b.lead_model_version
    left join scores.model_evaluations as e on e.model_version = m.model_version and e.contender = m.tier
    where b.build_id = %s group by b.build_id, m.tier
"""


def _rows(query: str, params: tuple[Any, ...] = ()) -> list[Row]:
    columns_of = f"select row_to_json(rows) from ({query}) as rows"  # noqa: S608 - our own constant statements
    return [row for (row,) in fetch_all("checker", columns_of, params)]


def _run_facts(as_of: date) -> Row:
    """What `ops` knows of this night: steps, loads, receipts, the model's evaluation."""
    steps = _rows(
        "select step, (array_agg(state order by run_id desc))[1] as state, (array_agg(detail order by run_id desc))[1] as detail,"
        " round(extract(epoch from sum(finished_at - started_at))::numeric, 1) as seconds"
        " from (select distinct on (step, detail ->> 'system') * from ops.step_runs where as_of = %s"
        " order by step, detail ->> 'system', run_id desc) as newest group by step",
        (as_of,),
    )
    loads = _rows(
        "select coalesce(sum(requests), 0) as requests, coalesce(sum(landed), 0) as landed, coalesce(sum(echoed), 0) as echoed,"
        " coalesce(sum(quarantined), 0) as quarantined, coalesce(sum(held_back), 0) as held_back"
        " from (select distinct on (system, stream) * from ops.loads where as_of = %s order by system, stream, started_at desc) as walks",
        (as_of,),
    )[0]
    blocked = _rows(
        "select distinct on (border) border, verdict, reason from ops.gate_verdicts where as_of = %s order by border, verdict_id desc",
        (as_of,),
    )
    warned = _rows(
        "select suite, reason from (select distinct on (suite, expectation) * from ops.check_results"
        " where as_of = %s order by suite, expectation, check_id desc) as newest"
        " where level = 'warning' and state = 'failed' order by check_id",
        (as_of,),
    )
    stopped = [row for row in blocked if row["verdict"] == "blocked"]
    return {"steps": steps, "loads": loads, "blocked": stopped, "warned": warned}


def facts(as_of: date | None) -> Row:
    """Everything the summary says, as read: `build`, `forecast`, `movement`, `deals` from the published build; the rest from `ops`."""
    found: Row = {name: _rows(query) for name, query in PUBLISHED.items()} if _is_published() else {}
    build = found["build"][0] if found.get("build") else None
    day = as_of or (date.fromisoformat(build["as_of"]) if build else None)
    found["day"] = day
    if day is not None:
        found |= _run_facts(day)
    if build:
        found["receipts"] = {
            row["state"]: row["n"]
            for row in _rows(
                "select state, count(*) as n from ops.writeback_receipts where build_id = %s group by state",
                (build["build_id"],),
            )
        }
        found["drifted"] = _rows(
            "select feature, verdict, said_zh, said_en from ops.feature_drift where build_id = %s and is_drifted order by feature",
            (build["build_id"],),
        )
        found["evaluation"] = _rows(
            "select contender, metric, value, n_rows from scores.model_evaluations where model_version = %s"
            " and metric in ('roc_auc', 'log_loss') order by contender, metric",
            (build["model_version"],),
        )
        found["leads"] = _rows(LEADS, (build["build_id"],))
    return found


def unread(as_of: date) -> list[tuple[str, str]]:
    """The systems whose last extraction for `as_of` failed, with the sentence it ended with."""
    query = """
        select system, said from (
            select distinct on (detail ->> 'system') coalesce(detail ->> 'system', 'source') as system, state,
                coalesce(detail ->> 'said', detail ->> 'error', 'no reason was given') as said
            from ops.step_runs where as_of = %s and step in ('extract', 'history')
            order by detail ->> 'system', run_id desc
        ) as newest where state = 'failed' order by system"""
    return [(str(system), str(said)) for system, said in fetch_all("checker", query, (as_of,))]


def _is_published() -> bool:
    return bool(
        fetch_all(
            "checker", "select 1 from ops.published_build as p where to_regclass('published.mart_build') is not null"
        )
    )
