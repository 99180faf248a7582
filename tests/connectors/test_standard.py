"""The standard tests: every stream of every system, under a plan of faults and with every switch of a contract set the other way.

Each variation reads a company of its own, founded from the same seed, into a tenant of its own; what lands is compared with what landed in
peace, and every page's rows are accounted for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from config.settings import settings
from connectors.streams import mapping_of
from nightly.services import SANDBOX_PATHS
from sandbox.salesforce_sign_in import CLIENT_ID, CLIENT_SECRET
from tests.connectors.company import DAY, Company, run_step
from warehouse.frames import fetch_all
from warehouse.migrate import migrate

pytestmark = pytest.mark.soak

SYSTEMS = ("fxiaoke", "kingdee", "wecom", "dingtalk", "hubspot", "baidu", "tencent", "salesforce")
# Each request that a rule counts to its number goes wrong: primes, so that rules seldom meet.
FAULTS = [
    {"kind": "http_500", "every": 31}, {"kind": "http_429", "every": 97, "seconds": 1}, {"kind": "reply_lost", "every": 43},
    {"kind": "token_expired", "every": 47}, {"kind": "http_503", "every": 53},
]  # fmt: skip
UNREADABLE = [
    {"kind": "html_200", "every": 37},
    {"kind": "truncated", "every": 41},
]  # DingTalk shuts out for five minutes so
SWITCHES: list[
    tuple[dict[str, Any], str | None]
] = [  # what is set, and the system whose records then say something else
    ({"kingdee_encodes_twice": True}, None),
    ({"kingdee_most_rows": 100}, None),
    ({"kingdee_session_s": 1.0}, None),
    ({"wecom_most_userids": 64}, None),
    ({"wecom_zeros_for_yesterday": False}, "wecom"),
    ({"dingtalk_is_template_needed": True}, None),
    ({"dingtalk_tells_modified_logs": False}, "dingtalk"),
    ({"dingtalk_follow_ups_touch": False}, "dingtalk"),
    ({"token_life_s": 2.0}, None),
    ({"salesforce_page_rows": 200}, None),
]
Landed = dict[str, set[tuple[Any, ...]]]


@contextmanager
def read_into(tenant: str, home: Path, *, rules: dict[str, Any], faults: list[dict[str, Any]]) -> Iterator[Landed]:
    """What lands when every system of a company is read for its day."""
    patch = pytest.MonkeyPatch()
    patch.setenv("LANDFALL_TENANT", tenant)
    settings.cache_clear()
    migrate()
    company = Company(home)
    for name, path in SANDBOX_PATHS.items():
        patch.setenv(f"LANDFALL_{name.upper()}", f"{company.url}{path}")
    org = {
        "SALESFORCE_CLIENT_ID": CLIENT_ID,
        "SALESFORCE_CLIENT_SECRET": CLIENT_SECRET,
    }  # no night of the default reads it
    for name, value in {"SOURCES": ",".join(SYSTEMS), "HISTORY": "none", **org}.items():
        patch.setenv(f"LANDFALL_{name}", value)
    settings.cache_clear()
    try:
        company.ask("rules", {"requests_per_20s": 0, "token_calls_per_minute": 0, **rules})
        for system in SYSTEMS:
            company.ask("faults", [*faults, *(UNREADABLE if faults and system != "dingtalk" else [])])
            done = run_step("extract", "--as-of", DAY, "--system", system)
            assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
        yield landed()
    finally:
        company.stop()
        patch.undo()
        settings.cache_clear()


def landed() -> Landed:
    """Every version in landing, by stream."""
    tables = {f"{system}__{stream}" for system in SYSTEMS for stream in mapping_of(system).streams}
    return {
        table: set(fetch_all("loader", f"select record_id, changed_at, record_hash from landing.{table}"))
        for table in sorted(tables)
    }


def unaccounted() -> list[tuple[Any, ...]]:
    """Walks whose rows are not all landed, unchanged or set aside, or that were not finished."""
    return fetch_all(
        "loader",
        "select system, stream, received, landed, unchanged, quarantined, state from ops.loads"
        " where received <> landed + unchanged + quarantined or state <> 'finished'",
    )


@pytest.fixture(scope="module")
def in_peace(postgres_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Landed:
    """What lands when nothing goes wrong."""
    with read_into("std_peace", tmp_path_factory.mktemp("peace"), rules={}, faults=[]) as found:
        assert unaccounted() == []
        empty = [
            table for table, rows in found.items() if not rows and table != "wecom__archive_messages"
        ]  # a file, not a page
        assert empty == [], "a stream without rows tests nothing"
        return found


def different(found: Landed, expected: Landed, otherwise: str | None = None) -> dict[str, int]:
    """Streams that differ, with how many versions; of the system `otherwise` ids alone are compared."""
    told = {}
    for table, rows in found.items():
        is_by_id = otherwise is not None and table.startswith(f"{otherwise}__")
        mine, theirs = (
            ({row[:1] for row in rows}, {row[:1] for row in expected[table]}) if is_by_id else (rows, expected[table])
        )
        if mine != theirs:
            told[table] = len(mine ^ theirs)
    return told


def test_a_plan_of_faults_loses_no_row_of_any_system(in_peace: Landed, tmp_path: Path) -> None:
    with read_into("std_faults", tmp_path, rules={}, faults=FAULTS) as found:
        assert different(found, in_peace) == {}
        assert unaccounted() == []


@pytest.mark.parametrize(
    ("rules", "otherwise"), SWITCHES, ids=lambda value: next(iter(value)) if isinstance(value, dict) else ""
)
def test_what_a_contract_leaves_open_changes_nothing_that_lands(
    in_peace: Landed, tmp_path: Path, rules: dict[str, Any], otherwise: str | None
) -> None:
    tenant = f"std_{SWITCHES.index((rules, otherwise))}"
    with read_into(tenant, tmp_path, rules=rules, faults=[]) as found:
        assert different(found, in_peace, otherwise) == {}
        assert unaccounted() == []
