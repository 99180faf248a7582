"""What the published build has to tell people: its alerts opened and cleared, and a receipt for every message that leaves.

In: the business day, then one receipt a message. Out: `ops.alerts`, one row a cause that came up; `ops.alert_deliveries`, one row a build,
alert, channel and recipient: pending before it leaves, then sent, summed (told as one of a number), failed or undeliverable.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from warehouse.receipts import Sending, published_build

State = Literal["pending", "sent", "summed", "failed", "undeliverable"]
SETTLED = ("sent", "summed", "undeliverable")

_OPEN = """
    insert into ops.alerts (alert_key, opened_build_id, rule, subject_id, owner_id, manager_id, sentence_zh, sentence_en, as_of)
    select alert_key, build_id, rule, subject_id, owner_id, manager_id, sentence_zh, sentence_en, as_of
    from sync.sync_notify__alerts where build_id = %s and action = 'open' on conflict (alert_key, opened_build_id) do nothing
"""
_CLEAR = """
    update ops.alerts as a set cleared_build_id = s.build_id, cleared_at = clock_timestamp()
    from sync.sync_notify__alerts as s
    where s.build_id = %s and s.action = 'clear' and s.alert_key = a.alert_key and a.cleared_build_id is null
"""
_MESSAGES = """
    select m.build_id, m.alert_key, m.recipient_id, m.rule, m.owner_id, m.manager_id, m.title_zh, m.title_en,
        m.sentence_zh, m.sentence_en, m.link, m.is_summed
    from sync.sync_notify__messages as m where m.build_id = %s order by m.recipient_id, m.place
"""
_LATENCY = """
    select percentile_disc(0.95) within group (order by extract(epoch from sent_at - queued_at))
    from ops.alert_deliveries where build_id = %s and state in ('sent', 'summed')
"""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert to one recipient: a person, `operators`, or `group`. `is_summed`: it goes out as one of a number."""

    build_id: str
    alert_key: str
    recipient_id: str
    rule: str
    owner_id: str | None
    manager_id: str | None
    title_zh: str
    title_en: str
    sentence_zh: str
    sentence_en: str
    link: str
    is_summed: bool


def owed(connection: Sending, as_of: date) -> list[Alert]:
    """Every alert that the published build of `as_of` tells, by recipient. Raises StepError when that day has no published build."""
    return [Alert(*row) for row in connection.execute(_MESSAGES, (published_build(connection, as_of),)).fetchall()]


def turn(connection: Sending, as_of: date) -> tuple[int, int]:
    """Open what came up and clear what is over in the published build of `as_of`; returns how many of each. Twice changes nothing."""
    build_id = published_build(connection, as_of)
    with connection.transaction():
        opened = connection.execute(_OPEN, (build_id,)).rowcount
        return opened, connection.execute(_CLEAR, (build_id,)).rowcount


def settled(connection: Sending, build_id: str, channel: str) -> set[tuple[str, str]]:
    """The (alert, recipient) pairs that the channel has nothing left to do for."""
    found = connection.execute(
        "select alert_key, recipient_id from ops.alert_deliveries where build_id = %s and channel = %s and state = any(%s)",
        (build_id, channel, list(SETTLED)),
    )
    return set(found.fetchall())


def announce(connection: Sending, channel: str, alerts: Sequence[Alert]) -> None:
    """Commit that a message about `alerts` is about to leave."""
    statement = (
        "insert into ops.alert_deliveries as held (build_id, alert_key, channel, recipient_id, state) values (%s, %s, %s, %s, 'pending')"
        " on conflict (build_id, alert_key, channel, recipient_id) do update set state = 'pending', attempt = held.attempt + 1"
    )
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(statement, [_key(channel, alert) for alert in alerts])


def settle(
    connection: Sending, channel: str, alerts: Sequence[Alert], state: State, error_code: str | None, answer: str | None
) -> None:
    """Commit what became of the message about `alerts`."""
    statement = (
        "update ops.alert_deliveries set state = %s, error_code = %s, answer = %s, sent_at = clock_timestamp()"
        " where build_id = %s and alert_key = %s and channel = %s and recipient_id = %s"
    )
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(statement, [(state, error_code, answer, *_key(channel, alert)) for alert in alerts])


def latency_s(connection: Sending, build_id: str) -> float | None:
    """The 95th percentile of seconds from the first attempt of a message to its receipt; None when none was sent."""
    found = connection.execute(_LATENCY, (build_id,)).fetchone()
    return float(found[0]) if found and found[0] is not None else None


def _key(channel: str, alert: Alert) -> tuple[str, str, str, str]:
    return alert.build_id, alert.alert_key, channel, alert.recipient_id
