"""The go-live export: the past up to cutoff(go-live), replayable, and nothing after it."""

import csv
import json
from pathlib import Path

import pytest

from sandbox.export import export
from sandbox.life import found
from sandbox.objects import OBJECTS
from sandbox.store import Store, database
from tests.sandbox.served import DAY


def table(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of one exported file."""
    with (folder / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def folder(home: Path, tmp_path: Path) -> Path:
    """The full export of the company of PATCHES, whose go-live is 2 June."""
    store = Store(database(home))
    export(store, tmp_path / "export", "full")
    store.close()
    return tmp_path / "export"


def test_records_are_told_as_they_were_created(folder: Path) -> None:
    rows = {row["id"]: row for row in table(folder, "NewOpportunityObj_initial.csv")}
    assert sorted(rows) == ["o1", "o2", "o3"]  # o4 was created after go-live
    assert (rows["o1"]["amount"], rows["o1"]["sales_stage"], rows["o1"]["owner"], rows["o1"]["bid_date__c"]) == (
        "9.50",
        "pt_need",
        '["1001"]',
        "",
    )


def test_changes_carry_old_and_new_value_who_and_when_deletions_included(folder: Path) -> None:
    rows = [list(row.values()) for row in table(folder, "NewOpportunityObj_changes.csv")]
    assert rows == [
        ["o1", "sales_stage", "pt_need", "pt_quote", "2026-06-01T11:00:00.000+08:00", "1001"],
        ["o1", "amount", "9.50", "12.00", "2026-06-01T11:00:00.000+08:00", "1001"],
        ["o2", "__deleted__", "", "true", "2026-06-01T12:00:00.000+08:00", "1001"],
    ]  # fmt: skip


def test_the_stage_log_starts_at_creation(folder: Path) -> None:
    rows = [
        (row["id"], row["from_stage"], row["to_stage"], row["changed_at"])
        for row in table(folder, "opportunity_stage_log.csv")
    ]
    assert rows == [
        ("o1", "", "pt_need", "2026-05-10T10:00:00.000+08:00"), ("o2", "", "pt_need", "2026-05-10T10:00:00.000+08:00"),
        ("o3", "", "eq_lead", "2026-05-20T10:00:00.000+08:00"), ("o1", "pt_need", "pt_quote", "2026-06-01T11:00:00.000+08:00"),
    ]  # fmt: skip


def test_targets_and_a_manifest_with_the_go_live_come_along(folder: Path) -> None:
    assert table(folder, "targets.csv") == [{"node_id": "D0", "period_id": "2026Q2", "gross_amount": "1000000.00"}]
    # finance's own papers differ by what is planted: a target typed wrong, a manual posting
    assert table(folder, "signed_targets.csv")[0]["gross_amount"] == "1001000.00"
    balances = {row["day"]: row["gross_amount"] for row in table(folder, "ledger_balances.csv")}
    assert list(balances) == ["2025-06-30", "2025-09-30", "2025-12-31", "2026-03-31"]
    assert balances["2026-03-31"] == "1234.56"  # nobody owed anything yet
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["go_live"], manifest["mode"], manifest["rows"]["NewOpportunityObj_changes.csv"]) == (
        "2026-06-02",
        "full",
        3,
    )


def test_stage_only_tells_stages_and_what_is_fixed_at_creation(home: Path, tmp_path: Path) -> None:
    export(Store(database(home)), tmp_path / "stages", "stage_only")
    assert sorted(path.name for path in (tmp_path / "stages").iterdir()) == [
        "NewOpportunityObj_initial.csv", "ledger_balances.csv", "manifest.json", "opportunity_stage_log.csv", "signed_targets.csv",
        "targets.csv"]  # fmt: skip
    assert list(table(tmp_path / "stages", "NewOpportunityObj_initial.csv")[0]) == [
        "id",
        "create_time",
        "sales_process_id",
        "lead_source__c",
    ]


def test_replaying_the_export_gives_the_records_as_they_stood_at_go_live(tmp_path: Path) -> None:
    path = found(tmp_path, DAY, scale=0.01, seed=4, days_ahead=0, say=lambda _: None)
    store = Store(path)
    export(store, tmp_path / "export", "full")
    cutoff = 1780416000000  # 2026-06-03T00:00+08:00
    for name in OBJECTS:
        replayed = {row.pop("id"): row for row in table(tmp_path / "export", f"{name}_initial.csv")}
        for change in table(tmp_path / "export", f"{name}_changes.csv"):
            if change["field"] == "__deleted__":
                del replayed[change["id"]]
            else:
                assert replayed[change["id"]][change["field"]] == change["old_value"]
                replayed[change["id"]][change["field"]] = change["new_value"]
        stood: dict[str, dict[str, str]] = {}
        for row in store.rows(
            "select id, op, fields from journal where object = ? and at_ms < ? order by seq", [name, cutoff]
        ):
            if row["op"] == "delete":
                del stood[row["id"]]
            else:
                stood.setdefault(row["id"], {}).update(json.loads(row["fields"]))
        assert {key: {field: text for field, text in row.items() if text} for key, row in replayed.items()} == {
            key: {field: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
                  for field, value in row.items() if value is not None} for key, row in stood.items()}  # fmt: skip
