"""Each trap that the CRM records plant is there even in the small company: one test, one trap."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest

from sandbox.company import Company, Patch, generate

DAY = date(2026, 6, 30)
END = datetime(2026, 6, 30, 16, tzinfo=UTC)
SHANGHAI = timezone(timedelta(hours=8))
ORDER = {"lead": 0, "need": 1, "quote": 2, "nego": 3, "won": 4, "lost": 4}


@pytest.fixture(scope="module")
def company() -> Company:
    return generate(DAY, scale=0.03)


@pytest.fixture(scope="module")
def histories(company: Company) -> dict[str, dict[str, list[Patch]]]:
    """The patches up to DAY by object and id."""
    out: dict[str, dict[str, list[Patch]]] = defaultdict(lambda: defaultdict(list))
    for patch in company.patches:
        if patch.at < END:
            out[patch.object][patch.id].append(patch)
    return out


@pytest.fixture(scope="module")
def deals(histories: dict[str, dict[str, list[Patch]]]) -> dict[str, list[Patch]]:
    return histories["NewOpportunityObj"]


def shown(patches: list[Patch]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for patch in patches:
        record.update(patch.fields)
    return record


def stages(patches: list[Patch]) -> list[int]:
    return [ORDER[p.fields["sales_stage"].split("_")[-1]] for p in patches if "sales_stage" in p.fields]


def statuses(patches: list[Patch]) -> list[str]:
    return [p.fields["sales_status"] for p in patches if "sales_status" in p.fields]


def test_some_wins_are_entered_after_signing(deals: dict[str, list[Patch]]) -> None:
    won = [d for d in map(shown, deals.values()) if d["sales_status"] == "won"]
    assert any(d["create_time"] > d["signed_date__c"] + 86_400_000 for d in won)


def test_tenders_carry_a_fixed_bid_day(deals: dict[str, list[Patch]]) -> None:
    tenders = [p for p in deals.values() if "bid_date__c" in p[0].fields]
    assert tenders
    assert not [u for p in tenders for u in p[1:] if "bid_date__c" in u.fields]


def test_subscriptions_are_renewed_by_the_same_customer(deals: dict[str, list[Patch]]) -> None:
    renewals = [d for d in map(shown, deals.values()) if d["is_renewal__c"]]
    others = {d["account_id"] for d in map(shown, deals.values()) if not d["is_renewal__c"]}
    assert renewals
    assert {d["sales_process_id"] for d in renewals} == {"software"}
    assert any(d["account_id"] in others for d in renewals)


def test_a_leaving_reps_book_is_handed_over(company: Company, deals: dict[str, list[Patch]]) -> None:
    gone = {p.id for p in company.patches if p.object == "PersonnelObj" and p.fields.get("status") == "1"}
    handed = [(p[0].fields["owner"][0], u) for p in deals.values() for u in p[1:] if "owner" in u.fields]
    assert any(first in gone and update.fields["owner"] != [first] for first, update in handed)


def test_each_new_year_moves_teams_and_people(company: Company) -> None:
    moved = [p for p in company.patches if p.op == "update" and {"parent_id", "main_department"} & set(p.fields)]
    days = {p.at.astimezone(SHANGHAI).date() for p in moved}
    assert days == {date(2024, 1, 1), date(2025, 1, 1), date(2026, 1, 1), date(2027, 1, 1)}
    assert {p.object for p in moved} == {"DepartmentObj", "PersonnelObj"}


def test_two_reps_work_on_one_customer_at_once(deals: dict[str, list[Patch]]) -> None:
    opened: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for patches in deals.values():
        fields = patches[0].fields
        opened[fields["account_id"]].append((fields["create_time"], patches[0].fields["owner"][0]))
    pairs = [
        (a, b)
        for rows in opened.values()
        for a in rows
        for b in rows
        if a[1] != b[1] and 0 <= b[0] - a[0] < 31 * 86_400_000
    ]
    assert pairs


def test_two_people_of_one_name_sit_in_one_team(histories: dict[str, dict[str, list[Patch]]]) -> None:
    names = Counter(
        (r["full_name"], r["main_department"][0])
        for r in map(shown, histories["PersonnelObj"].values())
        if r["status"] == "0"
    )
    assert max(names.values()) >= 2


def test_some_lost_deals_keep_one_percent(deals: dict[str, list[Patch]]) -> None:
    left = Counter(d["probability"] for d in map(shown, deals.values()) if d["sales_status"] == "lost")
    assert set(left) == {"0", "1"}
    assert left["1"] < left["0"] / 4


def test_some_deals_are_reopened(deals: dict[str, list[Patch]]) -> None:
    assert any(statuses(p)[i : i + 2] == ["lost", "open"] for p in deals.values() for i in range(len(p)))


def test_stages_are_skipped_and_reversed(deals: dict[str, list[Patch]]) -> None:
    steps = [b - a for p in deals.values() for path in [stages(p)] for a, b in pairwise(path) if b < 4]
    assert any(step > 1 for step in steps)
    assert any(step < 0 for step in steps)
    assert steps.count(1) > len(steps) / 2


def test_open_deals_stand_past_due(deals: dict[str, list[Patch]]) -> None:
    now = END.timestamp() * 1000
    open_deals = [d for p in deals.values() for d in [shown(p)] if d["sales_status"] == "open" and p[-1].op != "delete"]
    past_due = sum(d["close_date"] < now - 86_400_000 for d in open_deals)
    assert 0.03 < past_due / len(open_deals) < 0.6


def test_accounts_merge_in_a_chain_of_three_and_their_deals_follow(
    histories: dict[str, dict[str, list[Patch]]], deals: dict[str, list[Patch]]
) -> None:
    into = {
        i: r["merged_into_id__c"] for i, p in histories["AccountObj"].items() if "merged_into_id__c" in (r := shown(p))
    }
    chained = [i for i, target in into.items() if target in into]
    assert chained
    path = [p for p in deals.values() if p[0].fields["account_id"] in chained]
    assert any(shown(p)["account_id"] == into[into[p[0].fields["account_id"]]] for p in path)


def test_some_deals_are_deleted(deals: dict[str, list[Patch]]) -> None:
    assert any(p[-1].op == "delete" for p in deals.values())


def test_one_rep_logs_activity_on_himself(histories: dict[str, dict[str, list[Patch]]]) -> None:
    records = list(map(shown, histories["ActiveRecordObj"].values()))
    own = [r["owner"][0] for r in records if r["related_object_data"][0]["describe_api_name"] == "PersonnelObj"]
    assert len(own) > 20
    assert len(set(own)) == 1


def test_one_rep_always_commits_one_point_three_times_what_lands(deals: dict[str, list[Patch]]) -> None:
    ratios: dict[str, list[float]] = defaultdict(list)
    for patches in deals.values():
        amounts = [float(p.fields["amount"]) for p in patches if "amount" in p.fields]
        if statuses(patches)[-1] == "won" and len(amounts) > 1:
            ratios[patches[0].fields["owner"][0]].append(amounts[-2] / amounts[-1])
    steady = [owner for owner, values in ratios.items() if all(1.27 < v < 1.33 for v in values)]
    assert len(steady) >= 1


def test_some_deals_are_in_dollars(deals: dict[str, list[Patch]]) -> None:
    currencies = Counter(p[0].fields["currency__c"] for p in deals.values())
    assert currencies["USD"] > 0
    assert currencies["USD"] < currencies["CNY"] / 10


def test_one_customer_is_spelled_in_five_ways(histories: dict[str, dict[str, list[Patch]]]) -> None:
    def plain(name: str) -> str:
        for part in ("股份", "集团", "科技", "有限", "公司", "(", ")", " "):
            name = name.replace(part, "")
        return name

    spellings: dict[str, set[str]] = defaultdict(set)
    for patches in histories["AccountObj"].values():
        name = patches[0].fields["name"]
        spellings[plain(name)].add(name)
    assert max(map(len, spellings.values())) >= 5


def test_some_rep_has_a_quarter_of_one_deal(deals: dict[str, list[Patch]]) -> None:
    wins = Counter(
        (d["owner"][0], signed.year, (signed.month + 2) // 3)
        for d in map(shown, deals.values())
        if d["sales_status"] == "won"
        for signed in [datetime.fromtimestamp(d["signed_date__c"] / 1000, tz=SHANGHAI)]
    )
    assert 1 in wins.values()


@pytest.mark.parametrize("nasty", ["🚀", "\n\\.\n", "'; DROP TABLE"])
def test_names_break_careless_programs(histories: dict[str, dict[str, list[Patch]]], nasty: str) -> None:
    for kind in ("AccountObj", "NewOpportunityObj"):
        assert any(nasty in p[0].fields["name"] for p in histories[kind].values()), kind


def test_fields_appear_late_and_options_are_renamed(histories: dict[str, dict[str, list[Patch]]]) -> None:
    typed = [p.at for h in histories["NewOpportunityObj"].values() for p in h if "forecast_category__c" in p.fields]
    sources = [(p[0].at, p[0].fields.get("source")) for p in histories["LeadsObj"].values()]
    assert min(typed) > datetime(2024, 8, 1, tzinfo=UTC)
    assert max(at for at, source in sources if source == "baidu") < min(at for at, s in sources if s == "sem_baidu")
    recoded = [p for h in histories["AccountObj"].values() for p in h[1:] if "industry" in p.fields]
    assert len({p.at.date() for p in recoded}) == 1
    assert len(recoded) > 20
