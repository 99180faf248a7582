"""The registry of models in use: whose window and figures are shown, who is the champion, and what had drifted when each scored last."""

import pytest

from warehouse.connection import connect

pytestmark = pytest.mark.slow

EARLIER, AGAIN, BEFORE, BUILD = (
    "20260511_aaaaaaaaaaaa",
    "20260511_dddddddddddd",
    "20260512_bbbbbbbbbbbb",
    "20260513_cccccccccccc",
)
SINGLE = "stg_landfall__builds stg_landfall__models stg_landfall__model_evaluations stg_landfall__feature_drift"
MODELS = (
    "select model_version, is_champion, tier, training_from::text, training_to::text, training_rows_count, log_loss::text, roc_auc::text,"
    " test_rows_count, days_count, drifted_count, drifted_features from build_{}.rpt_model order by 1"
)
CONTENDERS = (
    "select contender, log_loss::text, is_chosen, is_champion from build_{}.rpt_model_contender"
    " where model_version = 'win-2' order by 1, 2"
)
# build → its win model, its lead model
SCORED = {
    EARLIER: ("win-1", "lead-1"),
    AGAIN: ("win-1", "lead-1"),
    BEFORE: ("win-1", "lead-1"),
    BUILD: ("win-2", "lead-1"),
}
# model → tier, snapshots of its training
TRAINED = {
    "win-1": ("smoothed", (None, None, None)),  # trained before that was kept
    "win-2": ("small_model", ("2025-01-06", "2026-05-11", 5210)),
    "win-9": ("small_model", ("2025-01-06", "2026-05-11", 1)),  # never scored a build
    "lead-1": ("smoothed", ("2025-02-03", "2026-02-09", 1413)),
}
FIGURES = {
    ("win-1", "smoothed"): {"log_loss": 0.31, "roc_auc": 0.61},
    ("win-2", "small_model"): {"log_loss": 0.0979, "roc_auc": 0.7981},
    ("win-2", "smoothed"): {"log_loss": 0.1272, "roc_auc": 0.608},
    ("win-2", "base rate"): {"log_loss": 0.12494, "roc_auc": 0.5},
}
# build → feature, whether it had drifted
DRIFT = {
    EARLIER: {"amount": True, "age_days": True},
    BEFORE: {"amount": False},
    BUILD: {"amount": True, "age_days": False},
}


@pytest.fixture(scope="module")
def told(tenant_database, build, query):  # type: ignore[no-untyped-def]
    """The registry as the build of the 13th tells it."""
    with connect("ml") as connection:
        for version, (tier, window) in TRAINED.items():
            connection.execute(
                "insert into scores.models (model_version, model_name, as_of, tier, digest, metrics, is_promoted, reason,"
                " training_from, training_to, training_rows) values (%s, %s, '2026-05-11', %s, 'x', '{}', true, 'test', %s, %s, %s)",
                (version, version.split("-")[0], tier, *window),
            )
        for (version, contender), figures in FIGURES.items():
            for metric, value in figures.items():
                connection.execute(
                    "insert into scores.model_evaluations values (%s, '2026-05-11', %s, %s, %s, 217, 30, '2026-03-20', '2026-04-11')",
                    (version, contender, metric, value),
                )
        for build_id, found in DRIFT.items():
            for feature, is_drifted in found.items():
                connection.execute(
                    "insert into ops.feature_drift (build_id, as_of, model_version, feature, verdict, said_zh, said_en, psi, psi_limit,"
                    " missing_rate, training_missing_rate, new_values_rate, unit_factor, is_drifted)"
                    " values (%s, '2026-05-11', %s, %s, 'none', '', '', 0, 1, 0, 0, 0, 1, %s)",
                    (build_id, SCORED[build_id][0], feature, is_drifted),
                )
    with connect("transformer") as connection:
        for build_id, (win, lead) in SCORED.items():
            connection.execute(
                "insert into ops.builds (build_id, as_of, inputs_digest, code_version, model_version, lead_model_version, seed, state)"
                " values (%s, to_date(left(%s, 8), 'YYYYMMDD'), 'x', 'x', %s, %s, 1, 'building')",
                (build_id, build_id, win, lead),
            )
            if build_id != BUILD:
                connection.execute(
                    "insert into ops.publications (build_id, as_of, kind, manifest)"
                    " select build_id, as_of, 'publish', '{}' from ops.builds where build_id = %s",
                    (build_id,),
                )
    build(f"{SINGLE} rpt_model rpt_model_contender", "2026-05-13", build_id=BUILD, build_schema=f"build_{BUILD}")
    return query(MODELS.format(BUILD)), query(CONTENDERS.format(BUILD))


def test_a_model_is_told_with_its_window_its_own_figures_and_what_had_drifted_when_it_scored_last(told):  # type: ignore[no-untyped-def]
    """win-1 scored two days, one of them twice, last on the 12th, when nothing had drifted.

    Nobody looks at drift for leads, which too few rows could judge.
    """
    models, _ = told
    assert models == [
        ("lead-1", True, "smoothed", "2025-02-03", "2026-02-09", 1413, None, None, None, 3, None, None),
        ("win-1", False, "smoothed", None, None, None, "0.3100", "0.6100", 217, 2, 0, None),
        ("win-2", True, "small_model", "2025-01-06", "2026-05-11", 5210, "0.0979", "0.7981", 217, 1, 1, "amount"),
    ]


def test_whom_the_champion_was_measured_beside_is_told_with_who_was_chosen(told):  # type: ignore[no-untyped-def]
    _, contenders = told
    assert contenders == [
        ("base rate", "0.1249", False, True),
        ("small_model", "0.0979", True, True),
        ("smoothed", "0.1272", False, True),
    ]
