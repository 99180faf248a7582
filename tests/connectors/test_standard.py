"""The standard tests: every stream of every system, under a plan of faults and with every switch of a contract set the other way.

Each reading reads one company into a tenant of its own; what lands is compared with what landed in peace, and every page's rows are
accounted for. A round sets one switch of every system that has one left: none touches what another system answers, which the round shows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import zip_longest
from pathlib import Path
from shutil import rmtree
from typing import Any, NamedTuple

import pytest

from config.settings import ROOT, settings
from connectors.extract import extract
from connectors.streams import mapping_of
from nightly.services import SANDBOX_PATHS
from sandbox.salesforce_sign_in import CLIENT_ID, CLIENT_SECRET
from tests.connectors.company import DAY, Company
from warehouse.clock import cutoff
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


OURS = {
    "SOURCES": ",".join(SYSTEMS), "HISTORY": "none", "SALESFORCE_CLIENT_ID": CLIENT_ID, "SALESFORCE_CLIENT_SECRET": CLIENT_SECRET,
    "FXIAOKE_REQUESTS_PER_20S": "0", "KINGDEE_REQUESTS_PER_20S": "0",
}  # fmt: skip
UNHURRIED = {"requests_per_20s": 0, "token_calls_per_minute": 0}  # the pace that both sides keep has tests of its own


class Switch(NamedTuple):
    """One rule of the sandbox the other way; `other`: the system's records then say something else, and their ids are compared;
    `mapping` and `said`: what a tenant that behaves so writes into its mapping (text, instead) and into its settings."""

    rule: str
    way: object
    other: bool = False
    mapping: tuple[str, str] | None = None
    said: tuple[tuple[str, str], ...] = ()

    @property
    def system(self) -> str:
        """Whose switch it is, by its name."""
        return self.rule.partition("_")[0]


PAYMENTS = "    object: PaymentObj\n"
SWITCHES = [
    Switch("fxiaoke_most_rows", 1000),
    Switch("fxiaoke_sends_map", True),
    Switch(
        "fxiaoke_payment_field",
        "amount",
        mapping=(PAYMENTS, PAYMENTS + "    filled_by: {payment_amount: {field: amount}}\n"),
    ),
    Switch("fxiaoke_shows_bin", True),
    Switch("fxiaoke_shows_nulls", True),
    Switch("fxiaoke_numbers_are_text", False, True),
    Switch("kingdee_encodes_twice", True),
    Switch("kingdee_most_rows", 100),
    Switch("kingdee_session_s", 1.0),
    Switch("kingdee_zone", "UTC", True, ('zone: ""', "zone: UTC")),
    Switch("wecom_most_userids", 64),
    Switch("wecom_zeros_for_yesterday", False, True),
    Switch("wecom_rates_of_idle_days", True, True),
    Switch("dingtalk_is_template_needed", True),
    Switch("dingtalk_shares_tokens", False, said=(("DINGTALK_LEGACY_TOKEN", "true"),)),
    Switch("dingtalk_tells_modified_logs", False, True),
    Switch("dingtalk_follow_ups_touch", False, True),
    Switch("dingtalk_zone", "UTC", True, ("zone: Asia/Shanghai", "zone: UTC")),
    Switch("baidu_most_rows", 200, said=(("BAIDU_PAGE_ROWS", "200"),)),
    Switch("baidu_wants_action", True, said=(("BAIDU_ACTION", "API"),)),
    Switch("tencent_times_are_seconds", True, True, ("unit: local, zone: Asia/Shanghai", "unit: s")),
    Switch("token_life_s", 2.0),
    Switch("salesforce_page_rows", 200),
    Switch("salesforce_is_multi_currency", False, True, (" CurrencyIsoCode: text,", "")),
]
SHOWN = "coalesce(record ->> 'life_status', 'normal') = 'normal'"
Landed = dict[str, set[tuple[Any, ...]]]


def in_rounds() -> list[list[Switch]]:
    """Every switch in one of them, none beside another of its system; one that is every system's stands alone."""
    mine = [[switch for switch in SWITCHES if switch.system == system] for system in SYSTEMS]
    alone = [[switch] for switch in SWITCHES if switch.system not in SYSTEMS]
    return [*alone, *([switch for switch in some if switch] for some in zip_longest(*mine))]


ROUNDS = in_rounds()


@pytest.fixture(scope="module")
def company(postgres_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The company that every reading reads; nothing writes to it."""
    served = Company(tmp_path_factory.mktemp("company"))
    yield served
    served.stop()


@contextmanager
def read_into(
    tenant: str, company: Company, folder: Path, switches: list[Switch], *, faults: list[dict[str, Any]]
) -> Iterator[Landed]:
    """What lands when every system of the company is read for its day, signed in anew."""
    home, patch, began = settings().home, pytest.MonkeyPatch(), company.ask("rules")
    said = {f"{name.upper()}": f"{company.url}{path}" for name, path in SANDBOX_PATHS.items()}
    said |= {"TENANT": tenant, "TENANTS_DIR": str(mapped(folder, tenant, switches))} | OURS
    for name, value in [*said.items(), *(pair for switch in switches for pair in switch.said)]:
        patch.setenv(f"LANDFALL_{name}", value)
    settings.cache_clear()
    rmtree(home / "tokens", ignore_errors=True)
    try:
        migrate()
        company.ask("rules", UNHURRIED | {switch.rule: switch.way for switch in switches})
        for system in SYSTEMS:
            company.ask("faults", [*faults, *(UNREADABLE if faults and system != "dingtalk" else [])])
            extract(date.fromisoformat(DAY), system)
        yield landed()
    finally:
        company.ask("rules", began)
        company.ask("faults", [])
        patch.undo()
        settings.cache_clear()


def mapped(folder: Path, tenant: str, switches: list[Switch]) -> Path:
    """A folder of tenants whose mappings say otherwise than the sandbox's what the switches need."""
    (folder / tenant).mkdir(parents=True)
    for switch in switches:
        if switch.mapping:
            said = (ROOT / "config" / "tenants" / "sandbox" / f"{switch.system}.yml").read_text("utf-8")
            assert switch.mapping[0] in said
            (folder / tenant / f"{switch.system}.yml").write_text(said.replace(*switch.mapping), "utf-8")
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
def in_peace(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Landed:
    """What lands when nothing goes wrong."""
    with read_into("std_peace", company, tmp_path_factory.mktemp("peace"), [], faults=[]) as found:
        assert unaccounted() == []
        empty = [
            table for table, rows in found.items() if not rows and table != "wecom__archive_messages"
        ]  # a file, not a page
        assert empty == [], "a stream without rows tests nothing"
        return found


def test_what_landed_is_what_the_crms_journal_shows_at_the_days_end(company: Company, in_peace: Landed) -> None:
    for name, stream in mapping_of("fxiaoke").streams.items():
        shown = {key for key in last_changes(company, stream.object) if key[1] < cutoff(date.fromisoformat(DAY))}
        landed = {row[:2] for row in in_peace[f"fxiaoke__{name}"]}
        assert landed <= shown
        assert len(shown - landed) == (1 if name == "leads" else 0), (name, shown - landed)


def last_changes(company: Company, of: str) -> set[tuple[str, datetime]]:
    """The records of the CRM's object that are neither deleted nor in its bin, each with the instant of its last change."""
    seq, living = 0, dict[str, tuple[datetime, str]]()
    while entries := company.ask(f"journal?object={of}&since_seq={seq}")["entries"]:
        for entry in entries:
            seq, at = entry["seq"], datetime.fromtimestamp(entry["at_ms"] / 1000, UTC)
            was_at, status = living.pop(entry["id"], (at, "normal"))
            if entry["op"] != "delete":
                living[entry["id"]] = max(at, was_at), entry["fields"].get("life_status", status)
    return {(record_id, at) for record_id, (at, status) in living.items() if status == "normal"}


def different(found: Landed, expected: Landed, otherwise: set[str]) -> dict[str, int]:
    """Streams that differ, with how many versions; of the systems `otherwise` ids alone are compared."""
    told = {}
    for table, rows in found.items():
        mine, theirs = rows, expected[table]
        if table.partition("__")[0] in otherwise:
            mine, theirs = {row[:1] for row in mine}, {row[:1] for row in theirs}
        if mine != theirs:
            told[table] = len(mine ^ theirs)
    return told


def test_a_plan_of_faults_loses_no_row_of_any_system(company: Company, in_peace: Landed, tmp_path: Path) -> None:
    with read_into("std_faults", company, tmp_path, [], faults=FAULTS) as found:
        assert different(found, in_peace, set()) == {}
        assert unaccounted() == []


@pytest.mark.parametrize("switches", ROUNDS, ids=lambda switches: "-".join(switch.rule for switch in switches))
def test_what_a_contract_leaves_open_changes_nothing_that_lands(
    company: Company, in_peace: Landed, tmp_path: Path, switches: list[Switch]
) -> None:
    tenant = f"std_{ROUNDS.index(switches)}"
    with read_into(tenant, company, tmp_path, switches, faults=[]) as found:
        assert different(found, in_peace, {switch.system for switch in switches if switch.other}) == {}
        assert unaccounted() == []
