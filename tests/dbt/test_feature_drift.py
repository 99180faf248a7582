"""What the scoring step found of a build's features, as its report shows it."""

import pytest

from warehouse.connection import connect

pytestmark = pytest.mark.slow

BUILD, OTHER = "20260515_aaaaaaaaaaaa", "20260514_bbbbbbbbbbbb"


def test_the_report_holds_the_findings_of_its_own_build(tenant_database, build, query):  # type: ignore[no-untyped-def]
    with connect("ml") as connection:
        for build_id, feature, verdict in (
            (BUILD, "amount", "unit"),
            (BUILD, "age_days", "none"),
            (OTHER, "amount", "psi"),
        ):
            connection.execute(
                "insert into ops.feature_drift (build_id, as_of, model_version, feature, verdict, said_zh, said_en, psi, psi_limit,"
                " missing_rate, training_missing_rate, new_values_rate, unit_factor, is_drifted)"
                " values (%s, '2026-05-15', 'win-1', %s, %s, '单位', 'unit', 1, 'infinity', 0, 0, 0, 10000, %s)",
                (build_id, feature, verdict, verdict != "none"),
            )
    models = "stg_landfall__feature_drift rpt_feature_drift"
    build(models, "2026-05-15", build_id=BUILD, build_schema=f"build_{BUILD}")
    rows = query(f"select feature, verdict, unit_factor, is_drifted from build_{BUILD}.rpt_feature_drift order by 1")
    assert rows == [("age_days", "none", 10000, False), ("amount", "unit", 10000, True)]
