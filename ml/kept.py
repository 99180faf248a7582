"""What is kept of a training beside its bundle: the choice with its reason, its figures in `scores`, its run in MLflow, a report.

In: the bundle and the choice. Out: rows of `scores.models` and `scores.model_evaluations`, and lines for people. The registry may be down:
the local bundle is the truth.
"""

from dataclasses import dataclass
from datetime import date

from config.settings import settings
from ml.bundle import Bundle
from ml.dataset import Rows
from ml.evaluate import METRICS, TOP_SHARE, Judged, window_text
from warehouse.connection import connect
from warehouse.frames import append_rows

MODEL_COLUMNS = {
    "model_version": "text",
    "model_name": "text",
    "as_of": "date",
    "tier": "text",
    "digest": "text",
    "metrics": "jsonb",
    "is_promoted": "bool",
    "reason": "text",
    "mlflow_run_id": "text",
    "training_from": "date",
    "training_to": "date",
    "training_rows": "int8",
}
EVALUATION_COLUMNS = {
    "model_version": "text",
    "as_of": "date",
    "contender": "text",
    "metric": "text",
    "value": "float8",
    "n_rows": "int8",
    "horizon_days": "int4",
    "window_from": "date",
    "window_to": "date",
}


@dataclass(frozen=True)
class Choice:
    """The tier that may score, why, and the figures it was chosen by."""

    tier: str
    reason: str
    judged: Judged


def report(choice: Choice, rows: Rows) -> str:
    """The held-out figures as a table in plain lines, and what the top fifth by probability holds."""
    judged, target = choice.judged, rows.target
    lines = [f"{len(rows)} training snapshots; held-out question: {target.question}; {window_text(judged)}"]
    if judged.figures:
        lines.append(f"  {'contender':<30}" + "".join(f"{metric:>10}" for metric in METRICS))
    for name, own in judged.figures.items():
        mark = "ours: " if name == choice.tier else ""
        lines.append(f"  {mark + name:<30}" + "".join(f"{own[metric]:>10.4f}" for metric in METRICS))
    if choice.tier in judged.figures:
        gain = judged.figures[choice.tier]["lift_20"]
        lines.append(
            f"  the top {TOP_SHARE:.0%} of {target.record}s hold {gain * TOP_SHARE:.0%} of those {target.good} (lift {gain:.2f})"
        )
    return "\n".join(lines)


def tracked(bundle: Bundle, choice: Choice, n_rows: int) -> tuple[str | None, str]:
    """Run id in MLflow and no warning, or no run id and why: the local bundle is the truth and training goes on."""
    figures = {
        f"{metric}.{name}".replace(" ", "_"): value
        for name, own in choice.judged.figures.items()
        for metric, value in own.items()
    }
    parameters = {
        "tier": choice.tier,
        "rows": n_rows,
        "seed": settings().seed,
        "snapshot_every_days": settings().snapshot_every_days,
        "shift": bundle.model.calibration.shift,
        "slope": bundle.model.calibration.slope,
        "ever_days": bundle.model.ever_days,
        "amounts": "moved" if bundle.model.amounts.ratios else "as they are",
    }
    try:
        from ml import tracking

        return tracking.log(
            bundle, parameters, figures, {"tier": choice.tier, "digest": bundle.digest}, promoted=True
        ), ""
    except Exception as error:
        warning = f"not in the registry: MLflow could not be used ({type(error).__name__})"
        print(f"warning: {warning}; the local bundle {bundle.folder} is what scores")
        return None, warning


def store(bundle: Bundle, as_of: date, choice: Choice, rows: Rows, reason: str, run_id: str | None) -> None:
    """Append the model, the window of `rows` that it was trained on and its held-out figures to `scores`, in one transaction."""
    judged, horizon = choice.judged, bundle.model.target.judged_days
    row = (
        bundle.version,
        bundle.model.target.name,
        as_of,
        choice.tier,
        bundle.digest,
        judged.figures,
        True,
        reason,
        run_id,
        *rows.window,
        len(rows),
    )
    figures = [
        (bundle.version, as_of, name, metric, value, judged.n_rows, horizon, judged.window_from, judged.window_to)
        for name, own in judged.figures.items()
        for metric, value in own.items()
    ]
    with connect("ml") as connection:
        append_rows(connection, "scores.models", MODEL_COLUMNS, [row])
        append_rows(connection, "scores.model_evaluations", EVALUATION_COLUMNS, figures)
