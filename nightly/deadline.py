"""What happens when a build is not there at 07:30: the triggerer calls this, and the lateness is on record."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from config.settings import settings
from warehouse.clock import business_day
from warehouse.frames import fetch_all
from warehouse.steps import StepError, recorded

logger = logging.getLogger(__name__)
SENTENCE = {
    "zh": "{day} 的预测到期未发布：最后一步是 {step}（{state}）。请运行 python -m nightly summary --as-of {day} 查看原因。",
    "en": "The build of {day} is late: its last step was {step} ({state}). Run python -m nightly summary --as-of {day} for the reason.",
}


async def build_is_late(**context: Any) -> None:
    """Record and log that the night's build missed its deadline; called by Airflow's triggerer with its context."""
    day = business_day(datetime.now(UTC)) - timedelta(days=1)
    runs = fetch_all(
        "auditor", "select step, state from ops.step_runs where as_of = %s order by run_id desc limit 1", (day,)
    )
    step, state = runs[0] if runs else ("as_of", "not started")
    sentence = SENTENCE[settings().lang].format(day=day, step=step, state=state)
    logger.error(sentence)
    try:
        with recorded("deadline", day) as run:
            run.note(last_step=step, last_state=state)
            raise StepError(sentence)
    except StepError:
        return
