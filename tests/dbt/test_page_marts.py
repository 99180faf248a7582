"""Marts that the pages alone read, over the worked example: they say what other marts say of the same."""

import pytest

from tests.dbt.worked import LONG_NAME

pytestmark = pytest.mark.slow


def test_versions_share_the_errors_of_the_frozen_forecasts(marts) -> None:  # type: ignore[no-untyped-def]
    """All versions of a node together were off by what the node's forecasts of all horizons were."""
    versions = marts(
        "select node_id, sum(absolute_error_gross_amount), sum(forecasts_count) from {marts}.mart_version_accuracy group by 1 order by 1"
    )
    frozen = marts(
        "select a.node_id, sum(a.absolute_error_gross_amount), sum(a.forecasts_count) from {marts}.mart_forecast_accuracy as a"
        " join {marts}.mart_period_forecast as f on f.node_id = a.node_id and f.node_level = a.measured_level"
        " where a.period_id = 'all' group by 1 order by 1"
    )
    assert versions == frozen
    assert versions


def test_the_last_point_of_a_deals_history_is_its_chance_of_today(marts) -> None:  # type: ignore[no-untyped-def]
    rows = marts(
        "select d.p_win_by_period_end = h.p_win_by_period_end and d.p_win_ever = h.p_win_ever, h.is_last_friday"
        " from {marts}.mart_open_opportunities as d left join {marts}.mart_chance_history as h"
        " on h.opportunity_id = d.opportunity_id and h.day = d.as_of where d.p_win_ever is not null"
    )
    assert rows
    assert set(rows) == {(True, False)}


def test_a_name_of_13_kb_is_shown_by_its_first_500_characters(marts) -> None:  # type: ignore[no-untyped-def]
    assert marts("select opportunity_name from {marts}.mart_open_opportunities where opportunity_id = 'X1'") == [
        (LONG_NAME[:500],)
    ]
