"""Training: the highest tier that the data allow and the held-out window supports becomes the model; the gate promotes it.

In: features and outcomes as known on the day. Out: a bundle under `<home>/models`, a row in `scores.models` with its reason, its figures in
`scores.model_evaluations` and in MLflow. Trained twice on the same rows: the same version, nothing appended. Rows that are no ground for a
model (`ml/doubts.py`) leave the champion as it is and say why.
"""

from dataclasses import dataclass
from datetime import date

from config.settings import settings
from ml.bundle import MODEL_NAME, Bundle, models_home, save
from ml.dataset import Rows, day_number, read_rows
from ml.doubts import damage, doubt
from ml.drift import doubt_of_day
from ml.evaluate import HORIZON, METRICS, Judged, judge, refusal, window_text
from ml.model import TIERS, allowed_tier, fit
from ml.score import read_open
from warehouse.connection import connect
from warehouse.frames import append_rows, fetch_all
from warehouse.steps import StepError, StepRun

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


def champion(as_of: date) -> str | None:
    """Version of the newest promoted model with as_of ≤ the day, or None."""
    found = fetch_all(
        "ml",
        """select model_version from scores.models where is_promoted and model_name = %s and as_of <= %s
                               order by as_of desc, logged_at desc, model_version desc limit 1""",
        (MODEL_NAME, as_of),
    )
    return str(found[0][0]) if found else None


def choose(rows: Rows, as_of: date, seed: int) -> Choice:
    """Go down from the tier that the number of closed deals allows until one passes the gate; `smoothed` always may score."""
    won, lost = rows.closed_deals(day_number(as_of))
    allowed = TIERS.index(allowed_tier(rows, day_number(as_of)))
    judged = judge(rows, as_of, list(TIERS[: allowed + 1]), seed, _say)
    notes = [f"{won} won and {lost} lost deals allow {TIERS[allowed]}"]
    for place in range(allowed, 0, -1):
        refused = refusal(judged, TIERS[place], TIERS[place - 1])
        if not refused:
            return Choice(
                TIERS[place],
                "; ".join([*notes, f"{TIERS[place]} beats {TIERS[place - 1]} and the simple rates"]),
                judged,
            )
        notes.append(refused)
    return Choice(TIERS[0], "; ".join([*notes, "smoothed rates always may score"]), judged)


def train(as_of: date, run: StepRun, *, if_missing: bool) -> None:
    """Train and promote the win model of `as_of`; with `if_missing`, only when no promoted model of that day or before is at hand."""
    present = champion(as_of)
    if if_missing and present and (models_home() / present).exists():
        run.note(model_version=present, trained=False)
        print(f"champion {present} stands, nothing to train")
        return
    rows, seed = read_rows(as_of), settings().seed
    refused = _refused(rows, as_of, present)
    if refused:
        run.note(model_version=present, trained=False, reason=refused)
        print(f"champion {present} stands, not trained: {refused}")
        return
    choice = choose(rows, as_of, seed)
    bundle = save(fit(rows, day_number(as_of), choice.tier, seed, say=_say), as_of, seed)
    reason = choice.reason
    known = fetch_all("ml", "select mlflow_run_id from scores.models where model_version = %s", (bundle.version,))
    if not known:
        run_id, warning = _tracked(bundle, choice, len(rows))
        _store(bundle, as_of, choice, "; ".join(filter(None, [reason, warning])), run_id)
    run.note(model_version=bundle.version, tier=choice.tier, rows=len(rows), trained=True)
    print(report(choice, len(rows)))
    print(f"{bundle.version} ({choice.tier}) {'stands unchanged' if known else 'promoted'}: {reason}")


def _refused(rows: Rows, as_of: date, present: str | None) -> str:
    """Why the champion stands, or "". Without a champion damaged rows are a fault; all else is left to the tiers."""
    if present is None:
        damaged = damage(rows)
        if damaged:
            raise StepError(
                f"features.opportunity_features: {damaged}: correct the feature's model, rerun its days, then rerun"
            )
        return ""
    ((tier,),) = fetch_all("ml", "select tier from scores.models where model_version = %s", (present,))
    return doubt(rows, day_number(as_of), str(tier)) or doubt_of_day(read_open(as_of), present)


def _say(line: str) -> None:
    print(f"  {line}", flush=True)


def report(choice: Choice, n_rows: int) -> str:
    """The held-out figures as a table in plain lines."""
    judged = choice.judged
    lines = [f"{n_rows} training snapshots; held-out question: won within {HORIZON} days; {window_text(judged)}"]
    if judged.figures:
        lines.append(f"  {'contender':<30}" + "".join(f"{metric:>10}" for metric in METRICS))
    for name, own in judged.figures.items():
        mark = "ours: " if name == choice.tier else ""
        lines.append(f"  {mark + name:<30}" + "".join(f"{own[metric]:>10.4f}" for metric in METRICS))
    return "\n".join(lines)


def _tracked(bundle: Bundle, choice: Choice, n_rows: int) -> tuple[str | None, str]:
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


def _store(bundle: Bundle, as_of: date, choice: Choice, reason: str, run_id: str | None) -> None:
    judged = choice.judged
    row = (bundle.version, MODEL_NAME, as_of, choice.tier, bundle.digest, judged.figures, True, reason, run_id)
    figures = [
        (bundle.version, as_of, name, metric, value, judged.n_rows, HORIZON, judged.window_from, judged.window_to)
        for name, own in judged.figures.items()
        for metric, value in own.items()
    ]
    with connect("ml") as connection:
        append_rows(connection, "scores.models", MODEL_COLUMNS, [row])
        append_rows(connection, "scores.model_evaluations", EVALUATION_COLUMNS, figures)
