"""The standard tests of a connector for every stream of Salesforce, against the sandbox's org."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from connectors.calls import RefusedError
from connectors.field_history import tell
from connectors.streams import mapping_of
from connectors.ways import ways
from sandbox.salesforce_schema import org_id
from sandbox.salesforce_sign_in import CLIENT_SECRET
from tests.connectors.channels import Served, served
from tests.connectors.chatting import at
from tests.connectors.salesforce_org import COUNTS, DAY, PATCHES, STREAMS, Org, forget, landed, living, pointed
from warehouse.clock import cutoff
from warehouse.connection import connect
from warehouse.steps import StepError
from warehouse.walks import Walk

SUNDAY = DAY + timedelta(days=5)


@pytest.fixture(scope="module")
def world(tenant_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The company of PATCHES; a page of its org holds fifty rows."""
    with served(tmp_path_factory.mktemp("org"), PATCHES) as running:
        running.world.rules.salesforce_page_rows = 50
        yield running


@pytest.fixture
def org(world: Served, tmp_path: Path) -> Iterator[Org]:
    """The org with nothing landed and no faults."""
    world.plant()
    forget()
    yield Org(pointed(world.url, tmp_path))
    world.plant()
    world.world.rules.daily_quota, world.world.rules.salesforce_is_multi_currency = 100_000, True


@pytest.mark.parametrize("stream", STREAMS)
def test_all_pages_land_and_the_same_night_again_lands_nothing(org: Org, stream: str) -> None:
    first, again = org.walk(stream), org.walk(stream)
    assert len(living(stream)) == COUNTS[stream]
    assert (first.landed, first.quarantined) == (first.received, 0)
    assert (again.received, again.landed, again.unchanged) == (first.received, 0, first.received)
    assert first.pages == -(-first.received // 50)


def test_a_deal_lands_with_exact_money_its_currency_and_its_instants_in_utc(org: Org) -> None:
    org.walk("opportunities")
    assert living("opportunities")[org_id("006", "d014") or ""] == {
        "Id": org_id("006", "d014"), "SystemModstamp": "2026-06-28T02:02:00.000Z", "LastModifiedById": org_id("005", "1001"),
        "Name": "项目14", "AccountId": org_id("001", "a14"), "OwnerId": org_id("005", "1001"), "RecordType.DeveloperName": "equipment",
        "StageName": "Prospecting", "LastStageChangeDate": "2026-06-28T02:02:00.000Z", "Amount": "1014.5", "CurrencyIsoCode": "USD",
        "CloseDate": "2026-08-01", "Type": "New Business", "IsClosed": False, "IsWon": False, "CreatedDate": "2026-06-28T02:02:00.000Z",
    }  # fmt: skip


def test_users_name_their_role_and_manager_and_a_deleted_role_is_found_by_the_list_of_ids(
    org: Org, world: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    org.walk("users")
    org.walk("roles")
    tell("salesforce")
    lines = capsys.readouterr().out.splitlines()
    assert {f"  UserRoleId: watched since {DAY}", "  StageName: never filled"} <= set(lines)
    one, gone = org_id("005", "1006") or "", org_id("00E", "D102") or ""
    assert living("users")[one] == {
        "Id": one, "SystemModstamp": "2026-06-28T00:10:00.000Z", "LastModifiedById": org_id("005", "1000"), "Name": "员工1006",
        "UserRoleId": gone, "ManagerId": org_id("005", "1004"), "UserType": "Standard", "IsActive": False,
        "CreatedDate": "2026-06-28T00:10:00.000Z",
    }  # fmt: skip
    with world.world.store.transaction():
        kept = world.world.store.rows("select count(*) as n from journal", ())[0]["n"]
        world.world.store.apply(1782835200000, "DepartmentObj", "D102", "delete", {}, "1001")
    org.walk("roles", DAY + timedelta(days=1), window_from=cutoff(DAY))
    org.walk("roles", DAY + timedelta(days=2), window_from=cutoff(DAY + timedelta(days=1)))
    assert (gone in landed("roles"), gone in living("roles")) == (True, False)
    world.world.store.connection.execute("delete from journal where seq > ?", (kept,))


def test_what_was_deleted_or_merged_away_is_a_tombstone_that_says_into_what(org: Org) -> None:
    org.walk("opportunities")
    org.walk("accounts")
    deal, account = landed("opportunities")[org_id("006", "d119") or ""], landed("accounts")[org_id("001", "a99") or ""]
    assert (deal["is_deleted"], "Name" in deal, "Amount" in deal) == (True, False, False)
    assert (account["is_deleted"], account["MasterRecordId"]) == (True, org_id("001", "a01"))


def test_a_change_at_the_very_border_is_read_by_the_second_of_two_nights(org: Org) -> None:
    org.walk("opportunities")
    first = landed("opportunities").keys()
    second = org.walk("opportunities", DAY + timedelta(days=1), window_from=cutoff(DAY))
    assert (second.received, second.landed) == (1, 1)
    assert landed("opportunities").keys() - first == {org_id("006", "d118")}


def test_rows_that_share_the_first_instant_of_a_window_are_all_read(org: Org) -> None:
    tally = org.walk("opportunities", window_from=at("2026-06-29T10:05:00"))
    assert (
        tally.received == 45
    )  # d085 … d117, the tombstone of d119 and the eleven that moved on, all five of 10:05 among them


def test_a_killed_walk_goes_on_behind_its_last_page_by_time_and_id(org: Org, world: Served) -> None:
    world.plant({"kind": "http_500", "endpoint": "salesforce_more", "request_index": [2, 3, 4, 5]})
    with pytest.raises(StepError, match="goes on at its last page"):
        org.walk("opportunities")
    world.plant()
    asked = len(world.asked("/queryAll"))
    tally = org.walk("opportunities")
    assert (tally.received, len(living("opportunities"))) == (19, COUNTS["opportunities"])
    assert len(world.asked("/queryAll")) == asked + 1


def test_a_forgotten_place_in_the_answer_costs_another_query_and_no_row(org: Org, world: Served) -> None:
    world.plant({"kind": "code:INVALID_QUERY_LOCATOR", "endpoint": "salesforce_more", "request_index": 1})
    before = len(world.asked("/queryAll"))
    assert org.walk("opportunities").received == 119
    queries = [row for row in world.asked("/queryAll")[before:] if row["rows"]]  # others count
    assert len(queries) == 2
    assert len(living("opportunities")) == COUNTS["opportunities"]


def test_a_session_that_ends_in_mid_walk_costs_one_sign_in_and_no_row(org: Org, world: Served) -> None:
    world.plant({"kind": "token_expired", "endpoint": "salesforce_more", "request_index": 2})
    signed_in = len(world.asked("/token"))
    assert org.walk("opportunities").received == 119
    assert len(world.asked("/token")) == signed_in + 2


def test_a_session_that_is_refused_again_stops_after_one_sign_in(org: Org, world: Served) -> None:
    world.plant({"kind": "token_expired", "endpoint": "salesforce_query"})
    signed_in = len(world.asked("/token"))
    with pytest.raises(RefusedError, match="INVALID_SESSION_ID"):
        org.walk("opportunities")
    assert len(world.asked("/token")) == signed_in + 2


@pytest.mark.parametrize(
    "kind", ["truncated", "html_200", "http_503", "code:SERVER_UNAVAILABLE", "http_429", "reply_lost"]
)
def test_a_failed_answer_is_asked_for_again(org: Org, world: Served, kind: str) -> None:
    world.plant({"kind": kind, "endpoint": "salesforce_query", "request_index": 1, "seconds": 7})
    assert org.walk("leads").landed == COUNTS["leads"]
    assert len(org.slept) == 1
    assert kind != "http_429" or org.slept == [7.0]


def test_a_spent_quota_stops_at_once(org: Org, world: Served) -> None:
    world.world.rules.daily_quota = 1
    with pytest.raises(RefusedError, match="requests of 24 hours are spent"):
        org.walk("opportunities")
    assert org.slept == []


def test_fewer_rows_than_were_counted_are_an_error_and_not_fewer_deals(org: Org, world: Served) -> None:
    world.plant({"kind": "empty", "endpoint": "salesforce_more", "request_index": 1})
    with pytest.raises(StepError, match="counts 119 records of Opportunity and showed 50"):
        org.walk("opportunities")


def test_an_empty_list_of_ids_is_no_wave_of_deletions(org: Org, world: Served) -> None:
    org.walk("accounts")
    world.plant({"kind": "empty", "endpoint": "salesforce_query", "request_index": 2})
    with pytest.raises(StepError, match="a permission or a filter changed"):
        org.walk("accounts", SUNDAY, window_from=cutoff(DAY))
    assert len(living("accounts")) == COUNTS["accounts"]


def test_what_left_the_recycle_bin_unseen_is_found_by_the_list_of_ids(org: Org, world: Served) -> None:
    """Rows of a deal's history go with it and are in no recycle bin."""
    org.walk("stage_changes", date(2026, 6, 29))
    gone = {key for key, row in living("stage_changes").items() if row["OpportunityId"] == org_id("006", "d003")}
    with world.world.store.transaction():
        kept = world.world.store.rows("select count(*) as n from journal", ())[0]["n"]
        world.world.store.apply(1782835200000, "NewOpportunityObj", "d003", "delete", {}, "1001")
    org.walk("stage_changes", SUNDAY, window_from=cutoff(DAY))
    org.walk("stage_changes", SUNDAY + timedelta(days=1), window_from=cutoff(SUNDAY))
    assert len(gone) == 1
    assert gone & living("stage_changes").keys() == set()
    world.world.store.connection.execute("delete from journal where seq > ?", (kept,))


def test_the_check_names_fields_that_an_org_of_one_currency_lacks(org: Org, world: Served) -> None:
    opened = org.opened()
    deals = mapping_of("salesforce").streams["opportunities"]
    assert [opened.faults(stream) for stream in mapping_of("salesforce").streams.values()] == [[]] * len(STREAMS)
    assert ways("salesforce", opened, DAY)[0].startswith("the org has several currencies")
    world.world.rules.salesforce_is_multi_currency = False
    assert ways("salesforce", opened, DAY)[0].startswith("the org has one currency")
    assert "CurrencyIsoCode that landfall may read: grant it" in opened.faults(deals)[0]
    with pytest.raises(RefusedError, match="read access to the mapped fields"):
        org.walk("opportunities")
    opened.close()


def test_what_others_changed_after_the_window_is_counted_and_not_what_we_did(org: Org) -> None:
    opened = org.opened()
    walk = Walk("salesforce", "opportunities", DAY, None, cutoff(DAY))
    assert opened.held_back(mapping_of("salesforce").streams["opportunities"], walk) == 1
    opened.close()


def test_nothing_personal_and_no_secret_is_landed_or_said(
    org: Org, world: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    world.plant({"kind": "code:MALFORMED_QUERY", "endpoint": "salesforce_query", "request_index": 1})
    with pytest.raises(StepError) as refused:
        org.walk("leads")
    world.plant()
    org.walk("leads")
    shown = json.dumps(landed("leads"), ensure_ascii=False) + str(refused.value) + capsys.readouterr().out
    with connect("loader") as connection:
        originals = [
            value
            for (value,) in connection.execute(
                "select original from vault.persons where kind in ('phone', 'name')"
            ).fetchall()
        ]
    assert len(originals) >= COUNTS["leads"]
    assert [value for value in [*originals, CLIENT_SECRET] if value in shown] == []


def test_what_we_wrote_comes_back_as_an_echo_and_is_nobodys_change(tenant_database: str, tmp_path: Path) -> None:
    forget()
    with served(tmp_path / "org", PATCHES) as running:
        org = Org(pointed(running.url, tmp_path))
        org.walk("opportunities")
        opened, stream = org.opened(), mapping_of("salesforce").streams["opportunities"]
        [result] = opened.update("Opportunity", [{"id": org_id("006", "d014"), "LF_Band__c": "A"}])
        walk = Walk("salesforce", "opportunities", DAY, None, cutoff(DAY))
        assert (result["success"], opened.held_back(stream, walk)) == (True, 1)  # the other one is d118
        opened.close()
        tally = org.walk("opportunities", DAY + timedelta(days=1), window_from=cutoff(DAY))
        assert (tally.received, tally.landed, tally.unchanged, tally.echoed) == (2, 1, 1, 1)
