"""The sandbox company is the same for the same day, scale and seed, and its records keep the CRM's conventions."""

import hashlib
import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.company import Company, Patch, generate

DAY = date(2026, 6, 30)
SMALL = 0.03
FROZEN = "115875b4ba7952424dd88c2f2d7766809223003277a9a8dcb54c9a899901cb1c"
DEAL_FIELDS = """
    name account_id owner owner_department_id sales_process_id sales_stage sales_status stg_changed_time amount
    currency__c probability close_date product_line__c lead_source__c leads_id__c is_renewal__c bid_date__c
    contract_no__c signed_date__c lost_reason__c forecast_category__c dealer_id__c life_status create_time
"""


@pytest.fixture(scope="module")
def company() -> Company:
    return generate(DAY, scale=SMALL)


@pytest.fixture(scope="module")
def deals(company: Company) -> dict[str, list[Patch]]:
    out: dict[str, list[Patch]] = defaultdict(list)
    for patch in company.patches:
        if patch.object == "NewOpportunityObj":
            out[patch.id].append(patch)
    return out


def digest(patches: list[Patch]) -> str:
    lines = (
        json.dumps([p.at.isoformat(), p.object, p.id, p.op, p.fields, p.actor], ensure_ascii=True, sort_keys=True)
        for p in patches
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def test_the_small_company_is_frozen_by_its_hash(company: Company) -> None:
    """A change of this hash changes every test and figure built on the company: it must be meant, and said in CHANGELOG."""
    assert digest(company.patches) == FROZEN


def test_asking_for_fewer_days_ahead_gives_a_prefix(company: Company) -> None:
    today = generate(DAY, scale=SMALL, days_ahead=0)
    assert 0 < len(today.patches) < len(company.patches)
    assert digest(company.patches[: len(today.patches)]) == digest(today.patches)
    assert today.patches[-1].at < datetime(2026, 6, 30, 16, tzinfo=UTC)
    assert [t for t in company.targets if t["period_id"] <= "2026Q2"] == today.targets


def test_another_seed_is_another_company(company: Company) -> None:
    assert digest(generate(DAY, scale=SMALL, seed=7).patches) != digest(company.patches)


def test_patches_are_sorted_and_each_record_is_created_first(company: Company) -> None:
    keys = [(p.at, p.object, p.id) for p in company.patches]
    assert keys == sorted(keys)
    seen: set[tuple[str, str]] = set()
    gone: set[tuple[str, str]] = set()
    for patch in company.patches:
        key = (patch.object, patch.id)
        assert (patch.op == "create") == (key not in seen), patch
        assert key not in gone, patch
        seen.add(key)
        if patch.op == "delete":
            gone.add(key)
            assert patch.fields == {}


def test_instants_are_utc_to_the_millisecond_and_unique_within_a_record(company: Company) -> None:
    seen: set[tuple[str, str, datetime]] = set()
    for patch in company.patches:
        assert patch.at.utcoffset() == timedelta(0)
        assert patch.at.microsecond % 1000 == 0
        assert (patch.object, patch.id, patch.at) not in seen, patch
        seen.add((patch.object, patch.id, patch.at))


@pytest.mark.parametrize("kind", ["AccountObj", "LeadsObj", "NewOpportunityObj", "ActiveRecordObj"])
def test_ids_sort_by_creation(company: Company, kind: str) -> None:
    created = [p.id for p in company.patches if p.object == kind and p.op == "create"]
    assert created == sorted(created)
    assert all(len(i) == 24 and int(i, 16) for i in created)


def test_wire_values_follow_the_crm_conventions(company: Company) -> None:
    for patch in company.patches:
        for name, value in patch.fields.items():
            if name.endswith(("_time", "_time__c", "_date", "_date__c")):
                assert value is None or type(value) is int, patch
            elif name in ("owner", "owner_department_id", "parent_id", "main_department", "manager_id"):
                assert isinstance(value, list), patch
                assert all(isinstance(v, str) for v in value), patch
            elif name == "amount":
                assert value == f"{Decimal(value):.2f}", patch
                assert Decimal(value) > 0, patch
            elif name in ("probability", "web_visits__c", "contact_count__c"):
                assert value == str(int(value)), patch


def test_deals_have_the_agreed_fields_only_and_their_stage_time_moves_with_the_stage(
    deals: dict[str, list[Patch]],
) -> None:
    for patches in deals.values():
        for patch in patches:
            assert set(patch.fields) <= set(DEAL_FIELDS.split())
            assert ("sales_stage" in patch.fields) == ("stg_changed_time" in patch.fields)


def test_updates_carry_changed_fields_only(company: Company) -> None:
    shown: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for patch in company.patches:
        record = shown[patch.object, patch.id]
        assert patch.op != "update" or patch.fields, patch
        assert all(record.get(name) != value for name, value in patch.fields.items()), patch
        record.update(patch.fields)


def test_every_reference_points_to_a_record_that_exists_by_then(company: Company) -> None:
    known = {("PersonnelObj", "-10000")}
    for patch in company.patches:
        known.add((patch.object, patch.id))
        fields = patch.fields
        wanted = [("PersonnelObj", i) for i in [patch.actor, *fields.get("owner", [])]]
        wanted += [("AccountObj", fields[n]) for n in ("account_id", "merged_into_id__c") if fields.get(n)]
        wanted += [("LeadsObj", fields[n]) for n in ("leads_id__c",) if n in fields]
        wanted += [("NewOpportunityObj", fields[n]) for n in ("new_opportunity_id",) if n in fields]
        wanted += [(r["describe_api_name"], r["id"]) for r in fields.get("related_object_data", [])]
        wanted += [("DepartmentObj", i) for n in ("owner_department_id", "main_department") for i in fields.get(n, [])]
        assert not [w for w in wanted if w not in known], patch


def test_targets_of_children_add_up_to_their_parents(company: Company) -> None:
    period = {t["node_id"]: t["gross_amount"] for t in company.targets if t["period_id"] == "2026Q1"}
    regions = sum(v for node, v in period.items() if node.startswith("D") and node.endswith("0") and node != "D0")
    reps = sum(v for node, v in period.items() if not node.startswith("D"))
    assert period["D0"] == regions == reps
    assert all(isinstance(v, Decimal) and v > 0 for v in period.values())


def test_the_truth_agrees_with_what_the_crm_shows_in_the_end(company: Company, deals: dict[str, list[Patch]]) -> None:
    last = company.patches[-1].at
    for deal, patches in deals.items():
        truth = company.truth.opportunities[deal]
        if truth.closed_ms is None or truth.closed_ms > last.timestamp() * 1000:
            continue
        status = next((p.fields["sales_status"] for p in reversed(patches) if "sales_status" in p.fields), None)
        assert truth.outcome == ("deleted" if patches[-1].op == "delete" else status), deal


def test_the_oracle_knows_open_deals_only_and_its_chances_grow_with_the_horizon(company: Company) -> None:
    chances = company.truth.won_within(DAY)
    end_ms = datetime(2026, 6, 30, 16, tzinfo=UTC).timestamp() * 1000
    shown = {p.id for p in company.patches if p.object == "NewOpportunityObj" and p.at.timestamp() * 1000 < end_ms}
    assert chances
    assert set(chances) <= shown
    for chance in chances.values():
        grown = [chance[h] for h in ("7", "14", "30", "60", "90", "ever")]
        assert grown == sorted(grown)
        assert 0 <= grown[0] <= grown[-1] <= 1 + 1e-9


def test_the_oracle_is_no_clairvoyant_on_the_small_company_either(company: Company) -> None:
    """Few deals, so wide bounds; the full size has the narrow ones."""
    pairs: list[tuple[float, bool]] = []
    for day in [d for d in company.truth.snapshot_days() if date(2023, 7, 1) <= d < date(2026, 6, 1)][::6]:
        for deal, chance in company.truth.won_within(day).items():
            truth = company.truth.opportunities[deal]
            pairs.append((chance["ever"], truth.outcome == "won" and not truth.is_reopened))
    wins, rest = [p for p, won in pairs if won], [p for p, won in pairs if not won]
    above = sum((w > r) + 0.5 * (w == r) for w in wins for r in rest)
    assert 0.70 < above / (len(wins) * len(rest)) < 0.90


def test_go_live_is_four_weeks_before_the_day(company: Company) -> None:
    assert company.go_live == date(2026, 6, 2)


@pytest.mark.parametrize(("scale", "ahead"), [(0.0, 0), (-1.0, 0), (0.03, 400), (0.03, -1)])
def test_impossible_wishes_are_refused_with_the_next_action(scale: float, ahead: int) -> None:
    with pytest.raises(ValueError, match=r"set SCALE above 0|ask for 0 to 366"):
        generate(DAY, scale=scale, days_ahead=ahead)
