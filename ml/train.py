"""Training of the win model and the lead model: the highest tier that data and held-out window support; the gate promotes it.

In: features and outcomes as known on the day. Out: a bundle under `<home>/models`, a row in `scores.models` with its reason, its figures in
`scores.model_evaluations` and in MLflow. Trained twice on the same rows: the same version, nothing appended. Rows that are no ground for a
model (`ml/doubts.py`) leave the champion as it is and say why. A tenant without a lead has no lead model.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from config.settings import settings
from ml.amounts import Amounts, learn, read_won
from ml.bundle import is_for_other_features, is_whole, models_home, save
from ml.dataset import Rows, day_number, read_rows
from ml.doubts import damage, doubt
from ml.drift import doubt_of_day
from ml.evaluate import judge, refusal
from ml.kept import Choice, report, store, tracked
from ml.leads import read_lead_rows
from ml.model import TIERS, allowed_tier, fit
from ml.score import read_open
from ml.targets import LEAD, WIN, Target
from warehouse.frames import fetch_all
from warehouse.steps import StepError, StepRun

READ: dict[str, Callable[[date], Rows]] = {WIN.name: read_rows, LEAD.name: read_lead_rows}


def champion(as_of: date, target: Target = WIN) -> str | None:
    """Version of the newest promoted model of `target` with as_of ≤ the day, or None."""
    found = fetch_all(
        "ml",
        """select model_version from scores.models where is_promoted and model_name = %s and as_of <= %s
                               order by as_of desc, logged_at desc, model_version desc limit 1""",
        (target.name, as_of),
    )
    return str(found[0][0]) if found else None


def choose(rows: Rows, as_of: date, seed: int) -> Choice:
    """Go down from the tier that the number of closed deals allows until one passes the gate; `smoothed` always may score."""
    won, lost = rows.closed_deals(day_number(as_of))
    allowed = TIERS.index(allowed_tier(rows, day_number(as_of)))
    judged = judge(rows, as_of, list(TIERS[: allowed + 1]), seed, _say)
    target = rows.target
    notes = [f"{won} {target.good} and {lost} lost {target.record}s allow {TIERS[allowed]}"]
    for place in range(allowed, 0, -1):
        refused = refusal(judged, TIERS[place], TIERS[place - 1], target.rates[1])
        if not refused:
            return Choice(
                TIERS[place],
                "; ".join([*notes, f"{TIERS[place]} beats {TIERS[place - 1]} and the simple rates"]),
                judged,
            )
        notes.append(refused)
    return Choice(TIERS[0], "; ".join([*notes, "smoothed rates always may score"]), judged)


def train(as_of: date, run: StepRun, *, if_missing: bool) -> None:
    """Train and promote the models of `as_of`; with `if_missing`, only those of which none of that day or before is at hand
    that is fed what is listed now."""
    run.note(**_train(as_of, WIN, if_missing=if_missing))
    run.note(lead=_train(as_of, LEAD, if_missing=if_missing))


def _train(as_of: date, target: Target, *, if_missing: bool) -> dict[str, object]:
    """Train and promote one model; returns what there is to note."""
    present = champion(as_of, target)
    is_here = present is not None and (models_home() / present).exists()
    if present and is_here and is_for_other_features(present):
        print(
            f"champion {present} was trained on other features than {target.features_module} lists: it cannot score, another is trained"
        )
        present, is_here = None, False
    if if_missing and is_here:
        print(f"champion {present} stands, nothing to train")
        return {"model_version": present, "trained": False}
    rows, seed = READ[target.name](as_of), settings().seed
    if target is LEAD and not len(rows):
        print("no lead is 90 days old, so there is no lead model yet")
        return {"model_version": present, "trained": False}
    refused = _refused(rows, as_of, present if present and is_whole(present) else None)
    if refused:
        print(f"champion {present} stands, not trained: {refused}")
        return {"model_version": present, "trained": False, "reason": refused}
    choice = choose(rows, as_of, seed)
    amounts = learn(read_won(as_of), as_of) if target is WIN else Amounts()
    bundle = save(replace(fit(rows, day_number(as_of), choice.tier, seed, say=_say), amounts=amounts), as_of, seed)
    reason = "; ".join(filter(None, [choice.reason, amounts.said if target is WIN else ""]))
    known = fetch_all("ml", "select mlflow_run_id from scores.models where model_version = %s", (bundle.version,))
    if not known:
        run_id, warning = tracked(bundle, choice, len(rows))
        store(bundle, as_of, choice, rows, "; ".join(filter(None, [reason, warning])), run_id)
    print(report(choice, rows))
    stands = champion(as_of, target)
    became = "stands unchanged" if stands == bundle.version else f"is known already, champion {stands} stands"
    print(f"{bundle.version} ({choice.tier}) {became if known else 'promoted'}: {reason}")
    return {"model_version": bundle.version, "tier": choice.tier, "rows": len(rows), "trained": True}


def _refused(rows: Rows, as_of: date, present: str | None) -> str:
    """Why the champion stands, or "". Without a champion that can score damaged rows are a fault; all else is left to the tiers."""
    if present is None:
        damaged = damage(rows)
        if damaged:
            raise StepError(
                f"features.{rows.target.table}: {damaged}: correct the feature's model, rerun its days, then rerun"
            )
        return ""
    ((tier,),) = fetch_all("ml", "select tier from scores.models where model_version = %s", (present,))
    refused = doubt(rows, day_number(as_of), str(tier))
    return refused or (doubt_of_day(read_open(as_of), present) if rows.target is WIN else "")


def _say(line: str) -> None:
    print(f"  {line}", flush=True)
