"""The standard tests of a connector, for each marketing channel against the sandbox: all pages, twice, boundaries, limits, tokens."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import settings
from connectors.baidu import Baidu
from connectors.hubspot import HubSpot
from connectors.streams import mapping_of
from connectors.tencent import Tencent
from connectors.ways import ways
from sandbox.channels import STRAY_EVERY, channel_lead_id, number_of
from tests.connectors.channels import DAY, SOURCES, Night, Served, leads, pointed, served
from warehouse.clock import cutoff
from warehouse.connection import connect
from warehouse.steps import StepError
from warehouse.walks import Walk

SYSTEMS = {"hubspot": HubSpot, "baidu": Baidu, "tencent": Tencent}
COUNT = 230  # five pages of forms, two of Tencent's
ENDPOINTS = {"hubspot": "hubspot_submissions", "baidu": "baidu_leads", "tencent": "tencent_leads"}


@pytest.fixture(scope="module")
def world(tenant_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """230 leads of each channel."""
    patches = [each for place, source in enumerate(SOURCES.values()) for each in leads(COUNT, source, 1000 * place)]
    with served(tmp_path_factory.mktemp("channels"), patches) as running:
        yield running


@pytest.fixture(params=list(SYSTEMS))
def night(request: pytest.FixtureRequest, world: Served, tmp_path: Path) -> Iterator[Night]:
    """One channel after the other, with nothing landed and no faults."""
    world.plant()
    with connect("owner_ddl", autocommit=True) as connection:
        connection.execute(f"truncate landing.{request.param}__leads, ops.loads, ops.cursors, ops.load_parts")
    yield Night(SYSTEMS[request.param], request.param, pointed(world.url, tmp_path))
    world.plant()


def landed(system: str) -> dict[str, Any]:
    with connect("loader") as connection:
        return dict(connection.execute(f"select record_id, record from landing.{system}__leads").fetchall())


def expected(system: str) -> set[str]:
    first = 1000 * list(SOURCES).index(system)
    numbers = [number_of(f"lead{n:06d}") for n in range(first, first + COUNT)]
    strays = [
        number_of(f"lead{n:06d}|stray")
        for n in range(first, first + COUNT)
        if number_of(f"lead{n:06d}") % STRAY_EVERY == 0
    ]
    return {channel_lead_id(system, number) for number in numbers + strays}


def test_all_pages_land_those_that_never_reached_the_crm_included(night: Night) -> None:
    tally = night.walk()
    assert set(landed(night.system)) == expected(night.system)
    assert (tally.received, tally.quarantined) == (len(expected(night.system)), 0)


def test_an_account_that_wants_an_action_and_takes_short_pages_is_read_as_its_settings_say(
    world: Served, tmp_path: Path
) -> None:
    rules, now = world.world.rules, pointed(world.url, tmp_path)
    rules.baidu_most_rows, rules.baidu_wants_action = 50, True
    with pytest.raises(StepError, match="Baidu refused the form leads"):
        Night(Baidu, "baidu", now).walk()
    Night(Baidu, "baidu", now.model_copy(update={"baidu_page_rows": 50, "baidu_action": "API"})).walk()
    rules.baidu_most_rows, rules.baidu_wants_action = 5000, False
    assert set(landed("baidu")) == expected("baidu")


def test_an_account_that_is_told_seconds_is_read_and_check_names_the_unit(world: Served, tmp_path: Path) -> None:
    opened, stream = (
        Night(Tencent, "tencent", pointed(world.url, tmp_path)).opened(),
        mapping_of("tencent").streams["leads"],
    )
    assert ways("tencent", opened, DAY) == ["leads_action_time is text"]
    world.world.rules.tencent_times_are_seconds = True
    assert ways("tencent", opened, DAY) == ["leads_action_time is a number of seconds: say `unit: s` in the mapping"]
    rows = [row for page in opened.pages(stream, Walk("tencent", "leads", DAY, None, cutoff(DAY))) for row in page.rows]
    world.world.rules.tencent_times_are_seconds = False
    opened.close()
    assert {str(row["leads_id"]) for row in rows} == expected("tencent")


def test_the_same_night_again_lands_nothing(night: Night) -> None:
    first, again = night.walk(), night.walk()
    assert (again.received, again.landed, again.unchanged) == (first.received, 0, first.received)


def test_a_lead_on_the_boundary_is_read_by_one_of_two_nights(night: Night) -> None:
    """The window begins and ends at the very second of a lead: the beginning is in it, the end is not."""
    night.walk()
    with connect("loader") as connection:
        times = [
            at
            for (at,) in connection.execute(
                f"select changed_at from landing.{night.system}__leads order by 1"
            ).fetchall()
        ]
    with connect("owner_ddl", autocommit=True) as connection:
        connection.execute(f"truncate landing.{night.system}__leads")
    night.walk(window_from=times[100])
    with connect("loader") as connection:
        again = [
            at
            for (at,) in connection.execute(
                f"select changed_at from landing.{night.system}__leads order by 1"
            ).fetchall()
        ]
    assert again == times[100:]


def test_leads_after_the_end_of_the_day_wait_for_their_own_night(night: Night) -> None:
    day = DAY - timedelta(days=1)
    tally = night.walk(day)
    with connect("loader") as connection:
        newest = connection.execute(f"select max(changed_at) from landing.{night.system}__leads").fetchall()[0][0]
    assert newest < cutoff(day)
    assert 0 < tally.landed < len(expected(night.system))
    assert night.walk(window_from=cutoff(day)).landed == len(expected(night.system)) - tally.landed


def test_too_many_requests_are_waited_out_as_long_as_the_vendor_says(night: Night, world: Served) -> None:
    world.plant({"kind": "http_429", "endpoint": ENDPOINTS[night.system], "request_index": 1, "seconds": 7})
    assert night.walk().landed == len(expected(night.system))
    assert night.slept == [7.0]


def test_an_expired_token_costs_one_renewal_and_no_lead(night: Night, world: Served) -> None:
    world.plant({"kind": "token_expired", "endpoint": ENDPOINTS[night.system], "request_index": 2})
    renewals = len(world.asked("/refreshToken" if night.system == "baidu" else "/oauth/token"))
    if night.system == "hubspot":  # a static token is revoked by a person, who must act
        with pytest.raises(StepError, match="correct LANDFALL_HUBSPOT_TOKEN"):
            night.walk()
        return
    assert night.walk().landed == len(expected(night.system))
    assert (
        len(world.asked("/refreshToken" if night.system == "baidu" else "/oauth/token")) == renewals + 2
    )  # the first, and one more


def test_a_broken_page_is_asked_for_again(night: Night, world: Served) -> None:
    endpoint = ENDPOINTS[night.system]
    world.plant(
        *(
            {"kind": kind, "endpoint": endpoint, "request_index": n}
            for n, kind in ((1, "truncated"), (2, "html_200"), (3, "http_503"))
        )
    )
    assert night.walk().landed == len(expected(night.system))


def test_a_walk_that_breaks_off_goes_on_and_ends_like_any_other(night: Night, world: Served) -> None:
    world.plant({"kind": "http_500", "endpoint": ENDPOINTS[night.system], "request_index": [2, 3, 4, 5]})
    with pytest.raises(StepError):
        night.walk()
    assert night.walk().received <= len(expected(night.system))
    assert set(landed(night.system)) == expected(night.system)
    with connect("loader") as connection:
        assert connection.execute("select count(*), max(state) from ops.loads").fetchall() == [(1, "finished")]
        [(parts, received)] = connection.execute("select count(*), sum(received) from ops.load_parts").fetchall()
    assert parts == 0 or received == len(
        expected(night.system)
    )  # what an attempt counted of an unfinished piece is void


def test_nothing_personal_and_no_secret_is_landed_or_said(
    night: Night, world: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    world.plant({"kind": "http_400", "endpoint": ENDPOINTS[night.system], "request_index": 1})
    with pytest.raises(StepError) as refused:
        night.walk()
    world.plant()
    night.walk()
    shown = json.dumps(landed(night.system), ensure_ascii=False) + str(refused.value) + capsys.readouterr().out
    now = settings()
    secrets = [now.hubspot_token, now.baidu_refresh_token, now.baidu_secret_key, now.tencent_client_secret]
    with connect("loader") as connection:
        originals = [
            value
            for (value,) in connection.execute(
                "select original from vault.persons where kind in ('phone', 'mail')"
            ).fetchall()
        ]
    assert len(originals) >= COUNT
    assert [value for value in [*originals, *(secret.get_secret_value() for secret in secrets)] if value in shown] == []
