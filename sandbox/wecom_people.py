"""The contacts that one team has added in WeCom: one or two people of each of its customers, and who follows them."""

from random import Random
from typing import Any

from sandbox.chatting import DAY_MS, Customer, Team, dice
from sandbox.company.names import person_name

POSITIONS = ["采购经理", "总经理", "技术总监", "设备部主管", "财务"]


def user_id(member: str) -> str:
    """A member's id in WeCom."""
    return f"wc{member}"


def relations(team: Team, now_ms: int) -> list[dict[str, Any]]:
    """Every contact with the member who follows it, as a page of contacts shows them; what is yet to come is left out."""
    followed = (customer for customer in team.customers.values() if customer.owner in team.members)
    return [each for customer in followed for each in people_of(customer, now_ms)]


def people_of(customer: Customer, now_ms: int) -> list[dict[str, Any]]:
    """The contacts at one customer that have been added by now, with its owner who follows them."""
    added = [
        customer.created + dice("added", customer.id, number) % (20 * DAY_MS)
        for number in range(1 + dice("people", customer.id) % 2)
    ]
    return [_relation(customer, number, at) for number, at in enumerate(added) if at < now_ms]


def _relation(customer: Customer, number: int, added: int) -> dict[str, Any]:
    seed = dice("contact", customer.id, number)
    name = person_name(Random(seed))
    contact: dict[str, Any] = {"external_userid": f"wm{seed:015d}", "name": name, "type": 1 + seed % 2, "gender": 1}
    if contact["type"] == 2:  # a user of WeCom: the platform knows the company
        contact |= {
            "corp_name": customer.other_name[:8],
            "corp_full_name": customer.other_name,
            "position": POSITIONS[seed % 5],
        }
    follow: dict[str, Any] = {
        "userid": user_id(customer.owner), "remark": f"{customer.other_name[:4]}-{name[:1]}", "description": "",
        "createtime": added // 1000, "tag_id": [], "add_way": 1, "state": "",
    }  # fmt: skip
    if (seed >> 8) % 3:
        follow["remark_corp_name"] = customer.other_name
    if (seed >> 4) % 4 == 0:
        follow["remark_mobiles"] = [f"139{seed % 10**8:08d}"]
    return {"external_contact": contact, "follow_info": follow}
