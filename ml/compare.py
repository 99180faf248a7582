"""The same model on the same day by the code of now: how far its chances are from those that people were shown.

In: the published build of a day with its scores, the day's features as they are now. Out: the largest difference; what an upgrade may not
pass is a fault. Nothing is written.
"""

from datetime import date

from ml.bundle import load
from ml.score import read_open, score_rows
from warehouse.builds import published_build
from warehouse.frames import fetch_all
from warehouse.steps import StepError, StepRun

MOST = 0.001  # a tenth of a percentage point: what a person would not see; other rounding of the same sums is far below
_SHOWN = "select opportunity_id, p_win_ever, p_win_by_period_end from scores.opportunity_scores where build_id = %s"


def compare(as_of: date, run: StepRun) -> None:
    """Score the day again by the model of its published build. Raises StepError where a chance moved by `MOST` or deals differ."""
    build = published_build(as_of)
    try:
        bundle = load(build.model_version)
    except StepError as error:
        raise StepError(
            f"{error}; a release that changes what the model is fed is taken with `make upgrade NEW_MODEL=1`"
        ) from error
    shown = {deal: chances for deal, *chances in fetch_all("ml", _SHOWN, (build.build_id,))}
    rows = score_rows(bundle.model, read_open(as_of), as_of, build.build_id, bundle.version)
    now = {str(row[1]): [row[3], row[4]] for row in rows}
    moved = drift(shown, now)
    run.note(build_id=build.build_id, deals=len(now), largest=moved)
    print(f"{len(now)} deals scored again by {bundle.version}: no chance moved by more than {moved:.6f}")


def drift(shown: dict[str, list[float]], now: dict[str, list[float]]) -> float:
    """The largest difference of any chance. Raises StepError where it reaches `MOST`, or where the deals are not the same."""
    if shown.keys() != now.keys():
        raise StepError(
            f"{len(now.keys() - shown.keys())} deals are scored now that were not, {len(shown.keys() - now.keys())} no longer are: "
            "see which model of dbt differs before this release is taken"
        )
    moved = {deal: max(abs(a - b) for a, b in zip(chances, now[deal], strict=True)) for deal, chances in shown.items()}
    largest = max(moved.values(), default=0.0)
    if largest >= MOST:
        far = sum(each >= MOST for each in moved.values())
        raise StepError(
            f"the same model gives other chances: {far} of {len(moved)} deals moved by {MOST:g} or more, the most by {largest:.4f}: "
            "see which feature differs before this release is taken"
        )
    return largest
