"""At 07:30: is the build of the night published? If not, that is on record and one sentence says where it stands."""

from datetime import date

from config.settings import settings
from nightly.status import ASIDE
from warehouse.frames import fetch_all
from warehouse.steps import StepError, recorded

SENTENCE = {
    "zh": "{day} 的预测到期未发布：最后一步是 {step}（{state}）。请运行 make summary AS_OF={day} 查看原因。",
    "en": "The build of {day} is late: its last step was {step} ({state}). Run make summary AS_OF={day} for the reason.",
}


def check(day: date) -> None:
    """Raise StepError, and record it, unless a build of `day` was published."""
    with recorded("deadline", day) as run:
        if fetch_all("checker", "select 1 from ops.publications where as_of = %s limit 1", (day,)):
            print(f"the build of {day} is published")
            return
        query = (
            "select step, state from ops.step_runs where as_of = %s and step <> all (%s) order by run_id desc limit 1"
        )
        runs = fetch_all("auditor", query, (day, ASIDE))
        step, state = runs[0] if runs else ("as_of", "not started")
        run.note(last_step=step, last_state=state)
        raise StepError(SENTENCE[settings().lang].format(day=day, step=step, state=state))
