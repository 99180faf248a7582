"""The step `notify`: what came up in the published build reaches people, by each channel once, and every message leaves a receipt.

In: `sync.sync_notify__alerts` and `sync.sync_notify__messages` of the day's published build. Out: messages, `ops.alerts`,
`ops.alert_deliveries`. Who was told for this build is not told again; beyond a person's number of the day the rest is one message. What
may or may not have arrived is sent again: told twice is better than not at all.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from config.settings import settings
from connectors.calls import RefusedError
from connectors.channels import Channel, Post, Receipt, open_channels
from connectors.contacts import Contact, contact_of
from connectors.http import UnansweredError
from warehouse.alerts import Alert, State, announce, latency_s, owed, settle, settled, turn
from warehouse.receipts import Sending, sending
from warehouse.steps import StepError, StepRun, recorded

GROUP, OPERATORS = "group", "operators"
COUNTS = ("sent", "summed", "undeliverable", "failed")
MORE = {"zh": ("另有 {n} 条提醒", "{title} {n} 条"), "en": ("{n} more alerts", "{n} × {title}")}


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message, and the alerts that it tells."""

    post: Post
    alerts: list[Alert]


def notify(as_of: date, *, dry_run: bool = False) -> None:
    """Tell what the published build of `as_of` owes. Raises StepError when a channel did not take everything."""
    if not settings().notify:
        print("nobody is told: set LANDFALL_NOTIFY to the channels that alerts go to")
        if not dry_run:
            with recorded("notify", as_of) as run:
                run.note(channels=0)
        return
    channels = open_channels()
    try:
        with sending("notify") as connection:
            alerts = owed(connection, as_of)
            if dry_run:
                _preview(connection, channels, alerts)
                return
            with recorded("notify", as_of) as run:
                opened, cleared = turn(connection, as_of)
                print(f"notify: {opened} alerts opened, {cleared} cleared")
                run.note(opened=opened, cleared=cleared)
                _tell_all(connection, channels, alerts, run)
    finally:
        for channel in channels.values():
            channel.close()


def _tell_all(connection: Sending, channels: dict[str, Channel], alerts: list[Alert], run: StepRun) -> None:
    tally: dict[str, Counter[str]] = {name: Counter() for name in channels}
    faults: list[str] = []
    try:
        for name, channel in channels.items():
            faults += _tell(connection, name, channel, list(_parcels(connection, name, channel, alerts)), tally[name])
    finally:
        counts = {state: sum(each[state] for each in tally.values()) for state in COUNTS}
        by_channel = [{"channel": name, **{state: each[state] for state in COUNTS}} for name, each in tally.items()]
        p95_s = latency_s(connection, alerts[0].build_id) if alerts else None
        run.note(**counts, by_channel=by_channel, p95_s=None if p95_s is None else round(p95_s, 1))
        told = ", ".join(f"{count} {state}" for state, count in counts.items())
        print(f"notify: {told}; " + ("none was sent" if p95_s is None else f"95 % within {p95_s:.1f} s"), flush=True)
    if faults:
        raise StepError(
            faults[0] if len(faults) == 1 else f"{faults[0]} (and {len(faults) - 1} more, see ops.alert_deliveries)"
        )


def _tell(connection: Sending, name: str, channel: Channel, parcels: list[Parcel], tally: Counter[str]) -> list[str]:
    """Send the parcels by one channel; returns what went wrong, as sentences. A channel that stops leaves the rest failed."""
    faults: list[str] = []
    stopped: str | None = None
    for parcel in parcels:
        announce(connection, name, parcel.alerts)
        receipt = Receipt("failed", stopped)
        if stopped is None:
            try:
                receipt = (
                    channel.send(parcel.post)
                    if parcel.post.to or channel.is_group
                    else Receipt("undeliverable", "no_contact")
                )
            except RefusedError as error:
                if error.reaction == "skip":
                    receipt = Receipt("undeliverable", error.code)
                else:
                    receipt = Receipt("failed", error.code)
                    faults.append(f"{name}: {error}")
                    stopped = error.code if error.reaction == "stop" else None
            except (StepError, UnansweredError) as error:  # it is down: the others would wait as long for nothing
                receipt, stopped = Receipt("failed", type(error).__name__), type(error).__name__
                faults.append(f"{name}: {error}")
        state: State = "summed" if receipt.state == "sent" and parcel.alerts[0].is_summed else receipt.state
        settle(connection, name, parcel.alerts, state, receipt.error_code, receipt.answer)
        tally[state] += len(parcel.alerts)
    return faults


def _parcels(connection: Sending, name: str, channel: Channel, alerts: list[Alert]) -> Iterator[Parcel]:
    """What the channel still has to send: alerts one by one, then the rest of a recipient as one."""
    done = settled(connection, alerts[0].build_id, name) if alerts else set()
    mine = [alert for alert in alerts if (alert.recipient_id == GROUP) == channel.is_group]
    due = [alert for alert in mine if (alert.alert_key, alert.recipient_id) not in done]
    for recipient, found in groupby(due, key=lambda alert: alert.recipient_id):
        if recipient == OPERATORS and not _operators():
            continue  # a group, where there is one, hears of it
        listed = list(found)
        for alert in listed:
            if not alert.is_summed:
                yield Parcel(_post(alert, channel), [alert])
        rest = [alert for alert in listed if alert.is_summed]
        if rest:
            yield Parcel(_summary(rest, channel), rest)


def _post(alert: Alert, channel: Channel) -> Post:
    zh = settings().lang == "zh"
    title, text = (alert.title_zh, alert.sentence_zh) if zh else (alert.title_en, alert.sentence_en)
    return Post(f"{alert.build_id} {alert.alert_key}", title, text, alert.link, _people(alert, channel))


def _summary(rest: list[Alert], channel: Channel) -> Post:
    """One message for many alerts: how many of each kind, and where the list is."""
    title, each = MORE[settings().lang]
    kinds = Counter(alert.title_zh if settings().lang == "zh" else alert.title_en for alert in rest)
    text = "\n".join(each.format(title=kind, n=n) for kind, n in kinds.items())
    to = [] if channel.is_group else _people(rest[0], channel)
    return Post(f"{rest[0].build_id} more {len(rest)}", title.format(n=len(rest)), text, settings().public_url, to)


def _people(alert: Alert, channel: Channel) -> list[Contact]:
    """Whom the message is for, as far as the channel knows them; in a group, who is mentioned."""
    if alert.recipient_id == OPERATORS:
        ids = _operators()
    elif alert.recipient_id == GROUP:
        ids = [person for person in (alert.owner_id, alert.manager_id) if person]
    else:
        ids = [alert.recipient_id]
    return [person for person in map(contact_of, ids) if channel.reaches(person)]


def _operators() -> list[str]:
    return [person.strip() for person in settings().notify_operators.split(",") if person.strip()]


def _preview(connection: Sending, channels: dict[str, Channel], alerts: list[Alert]) -> None:
    for name, channel in channels.items():
        for parcel in _parcels(connection, name, channel, alerts):
            print(f"{name} → {parcel.alerts[0].recipient_id}: {parcel.post.title}: {parcel.post.text}")
    print("nothing was sent")
