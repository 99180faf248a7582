"""Did last night work, is it late, what is stale: one screen for who keeps it running.

In: the day that ended last and the instant of asking. Out: sentences and an exit code.
Everything is read from `ops`; no name of a customer, a person or a deal is in it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from config.settings import settings
from warehouse.clock import cutoff
from warehouse.connection import connect
from warehouse.frames import fetch_all
from warehouse.staleness import stale_inputs

DUE = timedelta(hours=7, minutes=30)  # after the end of the day; dags/build_deadline.py looks then
GOOD, BAD, BLOCKED, STALE = 0, 1, 3, 4
WORDS = {
    "zh": {
        "done": "{day} 的夜间任务已完成，{at} 发布。",
        "running": "{day} 的夜间任务正在运行：{step}。",
        "failed": "{day} 的夜间任务在 {step} 失败：{said}",
        "killed": "{step} 被强行终止，没有留下原因（多半是内存不足），请重新运行",
        "blocked": "{day} 的夜间任务被检查拦下：{said}",
        "not_started": "{day} 的夜间任务还没有开始。",
        "stopped": "{day} 的夜间任务停在 {step} 之后，没有发布。",
        "shown": "读者看到的是 {day}。",
        "nothing": "还没有发布过任何一天。",
        "late": "已晚：应在 {due} 前发布。请运行 make summary AS_OF={day}。",
        "in_time": "应在 {due} 前发布。",
        "stale": "未更新：{items}",
        "fresh": "所有数据源都读到 {day} 日终。",
    },
    "en": {
        "done": "The night of {day} is done, published {at}.",
        "running": "The night of {day} is running: {step}.",
        "failed": "The night of {day} failed at {step}: {said}",
        "killed": "{step} was killed before it could say why (often for want of memory): rerun it",
        "blocked": "The night of {day} was blocked by a gate: {said}",
        "not_started": "The night of {day} has not started.",
        "stopped": "The night of {day} stopped after {step} and published nothing.",
        "shown": "Readers see {day}.",
        "nothing": "Nothing was ever published.",
        "late": "Late: it was due by {due}. Run make summary AS_OF={day}.",
        "in_time": "It is due by {due}.",
        "stale": "stale: {items}",
        "fresh": "Every source was read up to the end of {day}.",
    },
}
_SHOWN = "select b.as_of from ops.published_build join ops.builds as b using (build_id)"
_PUBLISHED = "select max(published_at) from ops.publications where as_of = %s"
_STEPS = """
    with sessions as (
        select application_name as name from pg_stat_activity where datname = current_database()
    ),
    runs as (
        select *, case when state = 'running' and 'landfall step ' || run_id not in (select name from sessions where name is not null)
            then 'killed' else state end as stands
        from ops.step_runs where as_of = %s and step <> all (%s)
    )
    select step, stands, coalesce(detail ->> 'said', detail ->> 'error', ''), detail ->> 'system',
        extract(epoch from finished_at - started_at), peak_rss_bytes
    from (
        select distinct on (step, detail ->> 'system') * from runs
        where stands <> 'killed' or not exists (select from runs as later where later.step = runs.step and later.run_id > runs.run_id)
        order by step, detail ->> 'system', run_id desc
    ) as newest order by run_id
"""  # a run that was killed says no system: any later run of its step stands for it
_VERDICT = "select verdict, reason from ops.gate_verdicts where as_of = %s order by verdict_id desc limit 1"
ASIDE = ["deadline", "backup", "notify", "backtest", "retrain"]  # the forecast is out without them


@dataclass(frozen=True, slots=True)
class Status:
    """How the night of `day` stands; `stale`: streams not read to the day's end: system, stream, the instant they were read to."""

    day: date
    state: str
    step: str
    said: str
    shown: date | None
    published_at: datetime | None
    due: datetime
    is_late: bool
    stale: list[tuple[str, str, datetime | None]]
    steps: list[tuple[Any, ...]]

    @property
    def code(self) -> int:
        """0 done and fresh · 1 failed, late or nothing published · 3 blocked by a gate · 4 done, and something is stale."""
        if self.state == "blocked":
            return BLOCKED
        if self.state in ("failed", "stopped") or self.is_late or self.shown is None:
            return BAD
        return STALE if self.state == "done" and self.stale else GOOD


def status(day: date, now: datetime) -> Status:
    """How the night of `day` stands at `now`."""
    shown = next((day for (day,) in fetch_all("auditor", _SHOWN)), None)
    ((at,),) = fetch_all("auditor", _PUBLISHED, (day,))
    steps = fetch_all("auditor", _STEPS, (day, ASIDE))
    verdict = fetch_all("auditor", _VERDICT, (day,))
    state, step, said = _state(at is not None, steps, verdict[0] if verdict else None)
    due = cutoff(day) + DUE
    return Status(day, state, step, said, shown, at, due, at is None and now > due, _stale(day) if steps else [], steps)


def _stale(day: date) -> list[tuple[str, str, datetime | None]]:
    """Of the systems that are connected here."""
    with connect("auditor") as connection:
        found = stale_inputs(connection, day)
    return [
        (
            str(each["system"]),
            str(each["stream"]),
            datetime.fromisoformat(each["read_until"]) if each["read_until"] else None,
        )
        for each in found
        if each["system"] in settings().systems
    ]


def _state(is_published: bool, steps: list[tuple[Any, ...]], verdict: tuple[Any, ...] | None) -> tuple[str, str, str]:
    if not steps:
        return ("done" if is_published else "not_started"), "", ""
    by_state = {state: (step, said) for step, state, said, *_ in steps}
    if "running" in by_state:
        return "running", *by_state["running"]
    if not is_published and "blocked" in by_state:
        return "blocked", by_state["blocked"][0], str(verdict[1]) if verdict else by_state["blocked"][1]
    failed = next((each for each in steps if each[1] in ("failed", "killed") and each[0] != "extract"), None)
    if failed:
        step, state, said, *_ = failed
        return "failed", step, WORDS[settings().lang]["killed"].format(step=step) if state == "killed" else said
    return ("done", "", "") if is_published else ("stopped", str(steps[-1][0]), "")


def show(day: date, now: datetime) -> int:
    """Print how the night of `day` stands; returns the exit code."""
    found, words = status(day, now), WORDS[settings().lang]
    at = _local(found.published_at) if found.published_at else ""
    print(words[found.state].format(day=day, step=found.step, said=found.said or "–", at=at))
    if found.shown != day:
        print(words["shown"].format(day=found.shown) if found.shown else words["nothing"])
    if found.published_at is None:
        print(words["late" if found.is_late else "in_time"].format(due=_local(found.due), day=day))
    if found.stale:
        items = [f"{system}.{stream} {_local(mark) if mark else '–'}" for system, stream, mark in found.stale]
        print(words["stale"].format(items=", ".join(items)))
    elif found.state == "done":
        print(words["fresh"].format(day=day))
    return found.code


def _local(instant: datetime) -> str:
    return instant.astimezone(ZoneInfo(settings().time_zone)).strftime("%Y-%m-%d %H:%M")
