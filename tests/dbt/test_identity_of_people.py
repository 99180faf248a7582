"""One employee and one product across systems: spellings match by rules in data, people of one name are kept apart, the rest is listed."""

from typing import Any

import pytest

from warehouse.connection import connect

pytestmark = pytest.mark.slow

BUILD = "20260511_000000000002"
EMPLOYEES = {"1001": "王芳", "1002": "李娜", "1003": "李娜", "1004": "Zhang Wei", "1005": "赵敏"}
# number in the ERP → name there, the employee that it truly is
SALESPEOPLE = {
    "1001": ("王 芳", "1001"), "XS9": ("ｚｈａｎｇ　ｗｅｉ", "1004"), "XS5": ("赵敏（离职）", "1005"), "1003": ("李娜", "1003"),
    "XS2": ("李娜", None), "1005": ("钱多", None), "XS7": ("孙某", "1002"), "XS8": ("周某", "005A"),
}  # fmt: skip
# material → its group in the ERP, the product line that it truly is
MATERIALS = {
    "M1": ("eq_press", "eq_press"), "M2": ("EQ-ROBOT", "eq_robot"), "M3": ("备件与服务", "pt_service"), "M4": ("Mes Software", "sw_mes"),
    "M5": ("GW", "sw_iot"), "M6": ("part", None), "M7": (None, None),
}  # fmt: skip


def say(kind: str, key: str, value: str) -> None:
    with connect("loader") as connection:
        connection.execute(
            "insert into ops.settings (kind, key, value, valid_from, decided_at, decided_by, reason)"
            " values (%s, %s, jsonb_build_object('value', %s::text), '2026-01-01', '-infinity', 'lin', 'test')",
            (kind, key, value),
        )


@pytest.fixture(scope="module")
def mapped(land, build, query):  # type: ignore[no-untyped-def]
    """Employees, salespeople and materials as their systems name them, and what a person said of two that no rule fits."""
    for number, name in EMPLOYEES.items():
        land("fxiaoke__people", f"P{number}", "2026-01-05 10:00", {"user_id": number, "full_name": name, "status": "0"})
    users = {
        "005A": ("周某", "Standard"),
        "005B": ("钱多", "PowerPartner"),
    }  # of a subsidiary's CRM; the second is a dealer's man
    for user, (name, kind) in users.items():
        land("salesforce__users", user, "2026-01-05 10:00", {"Name": name, "UserType": kind, "IsActive": True})
    for number, (name, _) in SALESPEOPLE.items():
        order = {"FID": number, "FSalerId.FNumber": number, "FSalerId.FName": name}
        land("kingdee__orders", f"{number}|1", "2026-03-05 10:00", order)
    for member in ("wc1001", "wc9999"):
        land("wecom__follow_relations", f"{member}|x", "2026-03-05 10:00", {"userid": member})
    for number, (group, _) in MATERIALS.items():
        record = {"FNumber": number, "FName": number, "FErpClsID": "1" if group == "part" else "2"}
        land(
            "kingdee__materials",
            number,
            "2026-03-05 10:00",
            record | ({"FMaterialGroup.FNumber": group} if group else {}),
        )
    say("owner_map", "kingdee|XS7", "1002")
    say("product_map", "kingdee|GW", "sw_iot")
    build("+map_owner +map_product", "2026-05-11", build_id=BUILD, build_schema=f"build_{BUILD}")

    def found(columns: str, mart: str, system: str) -> dict[str, tuple[Any, ...]]:
        rows = query(f"select {columns} from build_{BUILD}.{mart} where system = %s", system)
        return {str(row[0]): tuple(row[1:]) for row in rows}

    return found


def test_a_salesperson_is_the_employee_whose_number_or_only_name_it_bears_and_none_is_merged_falsely(mapped):  # type: ignore[no-untyped-def]
    found = mapped("system_owner_id, owner_id, evidence, is_matched", "map_owner", "kingdee")
    assert {key: row[0] for key, row in found.items()} == {key: true for key, (_, true) in SALESPEOPLE.items()}
    assert {key: row[1] for key, row in found.items()} == {
        "1001": "number_and_name", "XS9": "name", "XS5": "name_without_marks", "1003": "number_and_name", "XS2": "ambiguous",
        "1005": "none", "XS7": "setting", "XS8": "name",
    }  # fmt: skip


def test_a_user_of_a_portal_is_nobodys_employee(mapped):  # type: ignore[no-untyped-def]
    assert mapped("system_owner_id, owner_id, evidence", "map_owner", "salesforce") == {"005A": ("005A", "itself")}


def test_members_of_wecom_are_known_by_number_and_strangers_are_listed(mapped):  # type: ignore[no-untyped-def]
    assert mapped("system_owner_id, owner_id, evidence, is_matched", "map_owner", "wecom") == {
        "wc1001": ("1001", "wecom_number", True), "wc9999": (None, "none", False),
    }  # fmt: skip


def test_a_material_belongs_to_the_line_that_its_group_spells(mapped):  # type: ignore[no-untyped-def]
    found = mapped("product_id, product_line, evidence, is_bought", "map_product", "kingdee")
    assert {key: row[0] for key, row in found.items()} == {key: true for key, (_, true) in MATERIALS.items()}
    assert {key: row[1:] for key, row in found.items()} == {
        "M1": ("code", False), "M2": ("code_without_marks", False), "M3": ("name", False), "M4": ("name", False),
        "M5": ("setting", False), "M6": ("none", True), "M7": ("none", False),
    }  # fmt: skip
