"""What members of one team did on a day in WeCom, and how their customer groups fared.

Chats come from the messages that a member logged in the CRM that day, the rest from the member and the day alone. Days are seconds at
midnight in Beijing.
"""

from datetime import date, datetime, time
from typing import Any

from sandbox.chatting import DAY_MS, MESSAGE, Member, Team, dice
from sandbox.clock import ZONE

LONGEST_SPAN, LONGEST_PAST = 30, 180
SECONDS = 86_400
LARGEST_S = 10**11  # beyond it the caller sent milliseconds


def midnight(day: date) -> int:
    """The second at which a day begins."""
    return int(datetime.combine(day, time(0), ZONE).timestamp())


def day_starts(begin: object, end: object, newest: date) -> list[int]:
    """The days from `begin` to `end`, both cut down to midnight; none when they are not to be had."""
    last = midnight(newest)
    if not isinstance(begin, int) or not isinstance(end, int) or not begin <= end < LARGEST_S:
        return []
    first, final = (at - (at + 8 * 3600) % SECONDS for at in (begin, end))
    days = [first + n * SECONDS for n in range((final - first) // SECONDS + 1)]
    if len(days) > LONGEST_SPAN or first < last - (LONGEST_PAST - 1) * SECONDS or final > last:
        return []
    return days


def day_of_members(
    team: Team, members: list[Member], day: int, *, is_zero: bool, has_idle_rates: bool
) -> dict[str, Any]:
    """The figures of a day, of several members added up; `is_zero`: they are not ready; `has_idle_rates`: 0 where nothing is to divide."""
    start = day * 1000
    messages = sum(
        each.kind == MESSAGE and start <= each.at < start + DAY_MS
        for member in members
        for each in team.done[member.id]
    )
    busy = 0 if is_zero else messages
    luck = sum(dice("day", member.id, day) for member in members)
    row: dict[str, Any] = {"stat_time": day, "chat_cnt": 2 * busy, "message_cnt": busy * (5 + luck % 7)}
    row |= {"negative_feedback_cnt": int(busy > 0 and luck % 40 == 0)}
    row |= {"new_apply_cnt": busy % 3, "new_contact_cnt": busy % 3 - (busy % 3 > 1)}
    if busy:  # nothing to divide otherwise: both are left out
        row |= {"reply_percentage": 60 + luck % 400 / 10, "avg_reply_time": 3 + luck % 50}
    elif has_idle_rates:
        row |= {"reply_percentage": 0, "avg_reply_time": 0}
    return row


def day_of_groups(member: Member, days: list[int], *, is_zero: bool) -> dict[str, Any]:
    """The customer groups of a member over some days."""
    age = max(0, (days[-1] * 1000 - member.joined) // DAY_MS)
    groups, luck = int(min(12, age // 60)), dice("groups", member.id, days[-1])
    busy = 0 if is_zero or not groups else luck % (groups + 1)
    return {
        "new_chat_cnt": int(not is_zero and age % 60 == 0 and age > 0), "chat_total": groups, "chat_has_msg": busy,
        "new_member_cnt": busy // 3, "member_total": groups * 9, "member_has_msg": busy * 2, "msg_total": busy * (3 + luck % 9),
    }  # fmt: skip
