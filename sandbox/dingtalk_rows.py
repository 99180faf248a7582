"""What one team keeps in DingTalk, as its endpoints show it: customers under another clerk's spelling, follow-ups written some hours after
calls and visits, a daily log of each member."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.chatting import CALL, DAY_MS, VISIT, Customer, Done, Team, dice
from sandbox.clock import ZONE

KIND, TEMPLATE = "crm_customer_personal", "日报"
WRITTEN_UP_EVERY = 2  # of calls and visits: one is followed by a note in DingTalk
HOUR_MS = 3_600_000
WORKING_DAYS = 5
TEXTS = ["已报价，等回复", "客户下周三安排演示", "需要技术交流", "预算在走流程", "等招标文件"]


def staff_id(member: str) -> str:
    """A member's id in DingTalk."""
    return f"dt{member}"


def _text(at: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _noted_at(done: Done) -> int:
    return done.at + HOUR_MS + dice("noted", done.id) % (4 * HOUR_MS)


def _noted(customer: Customer, now_ms: int) -> list[Done]:
    """The activities on a customer that have been written up by now, oldest first."""
    kinds = (CALL, VISIT)
    found = [each for each in customer.done if each.kind in kinds and dice("note", each.id) % WRITTEN_UP_EVERY == 0]
    return sorted((each for each in found if _noted_at(each) < now_ms), key=lambda each: (_noted_at(each), each.id))


def customer_rows(
    team: Team, now_ms: int, written: Mapping[str, tuple[int, dict[str, Any]]], *, is_touched: bool, zone: str
) -> list[dict[str, Any]]:
    """The team's customers by id. `written`: when a program wrote last and what, by customer; `is_touched`: a follow-up moves a customer's
    change time; `zone`: of their times."""
    there = ZoneInfo(zone)
    return [
        _customer(team, each, now_ms, written.get(each.id, (0, {})), is_touched, there)
        for each in team.customers.values()
    ]


def _customer(
    team: Team, customer: Customer, now_ms: int, written: tuple[int, dict[str, Any]], is_touched: bool, zone: ZoneInfo
) -> dict[str, Any]:
    notes = [_noted_at(each) for each in _noted(customer, now_ms)] if is_touched else []
    owner = team.members.get(customer.owner)
    phone = f"138{dice('phone', customer.id) % 10**8:08d}"
    return {
        "instanceId": f"ins-{customer.id}", "objectType": KIND,
        "data": {"customer_name": customer.other_name, "customer_phone": phone} | written[1],
        "extendData": {}, "creatorUserId": staff_id(customer.owner), "creatorNick": owner.name if owner else "",
        "createTime": _text(customer.created, zone),
        "modifyTime": _text(max([customer.modified, written[0], *notes]), zone),
        "permission": {"ownerStaffIds": [staff_id(customer.owner)], "participantStaffIds": []},
        "processInstanceStatus": "COMPLETED", "processOutResult": "agree",
    }  # fmt: skip


def follow_up_rows(customer: Customer, now_ms: int) -> list[dict[str, Any]]:
    """The follow-ups on a customer, oldest first."""
    return [
        {
            "recordInstId": f"rec-{each.id}", "creatorUserId": staff_id(each.owner),
            "followContent": [
                {"key": "TextareaField-1", "value": TEXTS[dice("text", each.id) % len(TEXTS)], "bizAlias": "follow_content"}
            ],
            "gmtCreateMilliseconds": _noted_at(each), "gmtModifiedMilliseconds": _noted_at(each),
        }
        for each in _noted(customer, now_ms)
    ]  # fmt: skip


def log_rows(
    team: Team, span: tuple[int, int], template: object, now_ms: int, *, is_modified_told: bool
) -> list[dict[str, Any]]:
    """The logs created in [start, end], of working days; none for another template, none when seconds were sent."""
    start, end = span
    if start < 10**12 or template not in (None, "", TEMPLATE):
        return []
    first = datetime.fromtimestamp(start / 1000, ZONE).date()
    days = range(min(400, max(0, end - start) // DAY_MS + 2))
    found = []
    for day in (first + timedelta(days=n) for n in days):
        for member in team.members.values():
            evening = datetime(day.year, day.month, day.day, 18, tzinfo=ZONE)
            at = int(evening.timestamp()) * 1000 + dice("log", member.id, day) % HOUR_MS
            if day.isoweekday() <= WORKING_DAYS and member.joined < at and start <= at <= min(end, now_ms):
                told = {"modified_time": at} if is_modified_told else {}
                visits = sum(each.kind == VISIT and 0 <= at - each.at < DAY_MS for each in team.done[member.id])
                contents = [{"sort": "0", "type": "1", "key": "今日完成工作", "value": f"拜访{visits}家客户"}]
                found.append({
                    "report_id": f"rp-{member.id}-{day:%Y%m%d}", "template_name": TEMPLATE, "creator_id": staff_id(member.id),
                    "creator_name": member.name, "dept_name": "销售部", "create_time": at, "contents": contents, "remark": "", **told,
                })  # fmt: skip
    return found
