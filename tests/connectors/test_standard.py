"""The standard tests: every stream of every system, under a plan of faults and with every switch of a contract set the other way.

Each variation reads a company of its own, founded from the same seed, into a tenant of its own; what lands is compared with what landed in
peace, and every page's rows are accounted for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from config.settings import ROOT, settings
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


class Switch(NamedTuple):
    """`rules` of the sandbox the other way; `otherwise`: the system whose records then say something else, of which ids are compared;
    `mapping` and `said`: what a tenant that behaves so writes into its mapping (system, text, instead) and into its settings."""

    rules: dict[str, Any]
    otherwise: str | None = None
    mapping: tuple[str, str, str] | None = None
    said: tuple[tuple[str, str], ...] = ()


PAYMENTS = "    object: PaymentObj\n"
SWITCHES = [
    Switch({"fxiaoke_most_rows": 1000}),
    Switch({"fxiaoke_sends_map": True}),
    Switch(
        {"fxiaoke_payment_field": "amount"},
        mapping=("fxiaoke", PAYMENTS, PAYMENTS + "    filled_by: {payment_amount: {field: amount}}\n"),
    ),
    Switch({"fxiaoke_shows_bin": True}),
    Switch({"fxiaoke_shows_nulls": True}),
    Switch({"fxiaoke_numbers_are_text": False}, "fxiaoke"),
    Switch({"kingdee_encodes_twice": True}),
    Switch({"kingdee_most_rows": 100}),
    Switch({"kingdee_session_s": 1.0}),
    Switch({"kingdee_zone": "UTC"}, "kingdee", ("kingdee", 'zone: ""', "zone: UTC")),
    Switch({"wecom_most_userids": 64}),
    Switch({"wecom_zeros_for_yesterday": False}, "wecom"),
    Switch({"wecom_rates_of_idle_days": True}, "wecom"),
    Switch({"dingtalk_is_template_needed": True}),
    Switch({"dingtalk_shares_tokens": False}, said=(("DINGTALK_LEGACY_TOKEN", "true"),)),
    Switch({"dingtalk_tells_modified_logs": False}, "dingtalk"),
    Switch({"dingtalk_follow_ups_touch": False}, "dingtalk"),
    Switch({"dingtalk_zone": "UTC"}, "dingtalk", ("dingtalk", "zone: Asia/Shanghai", "zone: UTC")),
    Switch({"baidu_most_rows": 200}, said=(("BAIDU_PAGE_ROWS", "200"),)),
    Switch({"baidu_wants_action": True}, said=(("BAIDU_ACTION", "API"),)),
    Switch({"tencent_times_are_seconds": True}, "tencent", ("tencent", "unit: local, zone: Asia/Shanghai", "unit: s")),
    Switch({"token_life_s": 2.0}),
    Switch({"salesforce_page_rows": 200}),
]
SHOWN = "coalesce(record ->> 'life_status', 'normal') = 'normal'"
Landed = dict[str, set[tuple[Any, ...]]]


@contextmanager
def read_into(tenant: str, home: Path, switch: Switch, *, faults: list[dict[str, Any]]) -> Iterator[Landed]:
    """What lands when every system of a company is read for its day."""
    patch = pytest.MonkeyPatch()
    patch.setenv("LANDFALL_TENANT", tenant)
    if switch.mapping:
        patch.setenv("LANDFALL_TENANTS_DIR", str(mapped(home / "tenants", tenant, *switch.mapping)))
    settings.cache_clear()
    migrate()
    company = Company(home)
    for name, path in SANDBOX_PATHS.items():
        patch.setenv(f"LANDFALL_{name.upper()}", f"{company.url}{path}")
    org = {
        "SALESFORCE_CLIENT_ID": CLIENT_ID,
        "SALESFORCE_CLIENT_SECRET": CLIENT_SECRET,
    }  # no night of the default reads it
    for name, value in {"SOURCES": ",".join(SYSTEMS), "HISTORY": "none", **org, **dict(switch.said)}.items():
        patch.setenv(f"LANDFALL_{name}", value)
    settings.cache_clear()
    try:
        company.ask("rules", {"requests_per_20s": 0, "token_calls_per_minute": 0, **switch.rules})
        for system in SYSTEMS:
            company.ask("faults", [*faults, *(UNREADABLE if faults and system != "dingtalk" else [])])
            done = run_step("extract", "--as-of", DAY, "--system", system)
            assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
        yield landed()
    finally:
        company.stop()
        patch.undo()
        settings.cache_clear()


def mapped(folder: Path, tenant: str, system: str, text: str, instead: str) -> Path:
    """A folder of tenants whose mapping of one system says something else than the sandbox's."""
    said = (ROOT / "config" / "tenants" / "sandbox" / f"{system}.yml").read_text("utf-8")
    assert text in said
    (folder / tenant).mkdir(parents=True)
    (folder / tenant / f"{system}.yml").write_text(said.replace(text, instead), "utf-8")
    return folder


def landed() -> Landed:
    """Every version in landing, by stream, without what lies in the CRM's recycle bin and would not be seen in peace."""
    tables = {f"{system}__{stream}" for system in SYSTEMS for stream in mapping_of(system).streams}
    return {
        table: set(fetch_all("loader", f"select record_id, changed_at, record_hash from landing.{table} where {SHOWN}"))
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
    with read_into("std_peace", tmp_path_factory.mktemp("peace"), Switch({}), faults=[]) as found:
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
    with read_into("std_faults", tmp_path, Switch({}), faults=FAULTS) as found:
        assert different(found, in_peace) == {}
        assert unaccounted() == []


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: next(iter(switch.rules)))
def test_what_a_contract_leaves_open_changes_nothing_that_lands(
    in_peace: Landed, tmp_path: Path, switch: Switch
) -> None:
    with read_into(f"std_{SWITCHES.index(switch)}", tmp_path, switch, faults=[]) as found:
        assert different(found, in_peace, switch.otherwise) == {}
        assert unaccounted() == []
