"""One customer across systems: spellings of one company are one, other companies are not, and what matches nothing is listed."""

from collections.abc import Callable
from random import Random

import pytest

pytestmark = pytest.mark.slow

BUILD = "20260511_000000000001"
CODE, OTHER = "91310000123456789X", "91320000987654321X"
ACCOUNTS = {  # id → name, credit code
    "A1": ("华东机电有限公司", None), "A2": ("华东机电", None), "A3": ("华东机电公司", None), "A4": (" 华东机电（有限公司）", None),
    "A5": ("华东機電有限公司", None), "A6": ("華东机电ＬＴＤ", CODE),
    "B1": ("华东机电科技有限公司", None), "B2": ("华东机电集团有限公司", None),
    "C1": ("海瑞自动化股份有限公司", CODE), "C2": ("海瑞自控", CODE),
    "D1": ("东瑞设备有限公司", CODE), "D2": ("东瑞设备有限公司", OTHER),
    "M1": ("联德重工有限公司", None), "M2": ("联德", None), "M3": ("联德老账号", None),
}  # fmt: skip
ORDERS = {
    "K1": "联德重工",
    "K2": "华东机电有限公司",
    "K3": "东瑞设备有限公司",
    "K4": "谁也不认识有限公司",
    "K5": "博远集团",
}
DICE = Random(21)  # noqa: S311
FOREST: dict[str, str | None] = {
    f"F{n:02d}": f"F{DICE.randrange(max(0, n - 4), n):02d}" if n % 9 else None for n in range(40)
}  # merged into one before it
CYCLE: dict[str, str | None] = {"X1": "X2", "X2": "X3", "X3": "X1", "X4": "X1"}


def chain(account: str | None) -> list[str]:
    """The account and those it was merged into, one after the other."""
    return [account, *chain(FOREST[account])] if account else []


@pytest.fixture(scope="module")
def mapped(
    land: Callable[..., None], build: Callable[..., None], query: Callable[..., list[tuple[object, ...]]]
) -> dict[str, tuple[object, ...]]:
    """map_account by customer: account, evidence."""
    for key, (name, code) in ACCOUNTS.items():
        record = {"name": name, "uniform_social_credit_code__c": code, "life_status": "normal"}
        merged = {"M2": "M1", "M3": "M2"}.get(key)
        land("fxiaoke__accounts", key, "2026-01-05 10:00", record | ({"merged_into_id__c": merged} if merged else {}))
    for key, into in (FOREST | CYCLE).items():
        record = {"name": f"{key}号有限公司", "merged_into_id__c": into, "life_status": "normal"}
        land("fxiaoke__accounts", key, "2026-01-05 10:00", record)
    land("fxiaoke__accounts", "E1", "2026-01-05 10:00", {"name": "博远模具有限公司", "life_status": "normal"})
    land("fxiaoke__accounts", "E2", "2026-01-05 10:00", {"name": "博远有限公司", "life_status": "normal"})
    for key, name in ORDERS.items():
        land("kingdee__orders", f"{key}|1", "2026-03-05 10:00", {
            "FID": key, "FSaleOrderEntry_FEntryID": "1", "FCustId.FNumber": key, "FCustId.FName": name,
        })  # fmt: skip
    build("+map_account", "2026-05-11", build_id=BUILD, build_schema=f"build_{BUILD}")
    rows = query(
        f"select customer_id, account_id, evidence, candidates_count, is_matched, system from build_{BUILD}.map_account"
    )
    assert len(rows) == len(ACCOUNTS) + len(FOREST) + len(CYCLE) + 2 + len(ORDERS)
    return {str(row[0]): tuple(row[1:]) for row in rows}


def test_five_spellings_of_one_company_are_one_and_no_other_company_is_among_them(
    mapped: dict[str, tuple[object, ...]],
) -> None:
    spelled = {key: mapped[key][:2] for key in ("A1", "A2", "A3", "A4")}
    assert spelled == {
        "A1": ("A1", "itself"),
        "A2": ("A1", "legal_form"),
        "A3": ("A1", "legal_form"),
        "A4": ("A1", "full_name"),
    }
    assert {key for key, found in mapped.items() if found[0] == "A1" and found[4] == "fxiaoke"} == {
        "A1",
        "A2",
        "A3",
        "A4",
    }
    assert [mapped[key][:2] for key in ("B1", "B2")] == [("B1", "itself"), ("B2", "itself")]


def test_a_credit_code_decides_and_two_codes_are_never_one(mapped: dict[str, tuple[object, ...]]) -> None:
    same = {key: mapped[key][0] for key in ("A6", "C1", "C2", "D1")}
    assert same == {"A6": "A6", "C1": "A6", "C2": "A6", "D1": "A6"}
    assert mapped["C1"][1] == "credit_code"
    assert mapped["D2"][:2] == ("D2", "itself")


def test_a_chain_of_mergers_ends_at_its_last_account(mapped: dict[str, tuple[object, ...]]) -> None:
    assert [mapped[key][:2] for key in ("M1", "M2", "M3")] == [("M1", "itself"), ("M1", "merged"), ("M1", "merged")]


def test_in_a_random_forest_of_mergers_every_account_counts_once_at_the_end_of_its_chain(
    mapped: dict[str, tuple[object, ...]],
) -> None:
    assert {key: mapped[key][0] for key in FOREST} == {key: chain(key)[-1] for key in FOREST}
    assert max(len(chain(key)) for key in FOREST) > 5


def test_mergers_that_bite_their_tail_are_named_and_merge_nothing(mapped: dict[str, tuple[object, ...]]) -> None:
    assert {key: mapped[key][:2] for key in CYCLE} == {key: (key, "merge_cycle") for key in CYCLE}


def test_customers_of_the_erp_find_their_account_and_those_that_none_or_several_fit_are_listed(
    mapped: dict[str, tuple[object, ...]],
) -> None:
    assert mapped["K1"][:4] == ("M1", "legal_form", 1, True)
    assert mapped["K2"][:4] == ("A1", "full_name", 1, True)
    assert mapped["K3"][:4] == (None, "ambiguous", 2, False)
    assert mapped["K4"][:4] == (None, "none", 0, False)
    assert mapped["K5"][:4] == ("E2", "short_name", 1, True)
