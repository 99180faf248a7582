"""The go-live export replayed: versions as its own dates tell them, and nothing that it does not tell."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from config.settings import settings
from connectors.field_history import tell
from connectors.history import load_history
from connectors.streams import mapping_of
from tests.connectors.company import run_step
from warehouse.clock import cutoff
from warehouse.connection import connect
from warehouse.steps import StepError

GO_LIVE, AS_OF = date(2026, 6, 2), date(2026, 6, 30)
BORN = "1780275600000"  # 2026-06-01 09:00 in Shanghai


def deal_fields(**given: str) -> str:
    """A line of the deals' initial file: id, then every mapped field, empty unless given."""
    return ",".join(
        [given["id"], *(given.get(name, "") for name in mapping_of("fxiaoke").streams["opportunities"].fields)]
    )


@pytest.fixture
def export(tenant_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An export of two deals and nothing else, for a tenant that has landed nothing yet."""
    with connect("owner_ddl") as owner:
        owner.execute(
            "truncate landing.fxiaoke__opportunities, ops.loads, ops.cursors, ops.watermarks, ops.settings, ops.quarantine,"
            " vault.quarantined"
        )
    for stream in mapping_of("fxiaoke").streams.values():
        (tmp_path / f"{stream.object}_initial.csv").write_text(",".join(["id", *stream.fields]) + "\n")
    deals = tmp_path / "NewOpportunityObj_initial.csv"
    deals.write_text(deals.read_text() + "\n".join([
        deal_fields(id="a", name="甲", sales_stage="eq_need", amount="100.00", sales_process_id="equipment", is_renewal__c="false",
                    create_time=BORN),
        deal_fields(id="b", name="乙", sales_stage="eq_need", create_time=BORN), ""]))  # fmt: skip
    (tmp_path / "NewOpportunityObj_changes.csv").write_text(
        "id,field,old_value,new_value,changed_at,changed_by\n"
        "a,amount,100.00,,2026-06-01T15:00:00.000+08:00,1007\n"
        "a,sales_stage,eq_need,eq_quote,2026-06-01T15:00:00.000+08:00,1007\n"
        'a,owner,,"[""1008""]",2026-06-02T10:00:00.000+08:00,1007\n'
        "a,lf_band__c,,A,2026-06-02T11:00:00.000+08:00,1000\n"
        "b,__deleted__,,true,2026-06-02T10:00:00.000+08:00,1007\n"
        "b,name,乙,丙,2026-06-03T10:00:00.000+08:00,1007\n")  # fmt: skip
    (tmp_path / "opportunity_stage_log.csv").write_text(
        "id,from_stage,to_stage,changed_at,changed_by\na,,eq_need,2026-06-01T09:00:00.000+08:00,1007\n"
        "a,eq_need,eq_quote,2026-06-01T15:00:00.000+08:00,1007\n")  # fmt: skip
    (tmp_path / "targets.csv").write_text("node_id,period_id,gross_amount\nD0,2026Q3,1000.00\n")
    (tmp_path / "manifest.json").write_text('{"go_live": "2026-06-02"}')
    for name, value in {"HISTORY_DIR": str(tmp_path), "HISTORY": "full", "VAULT_KEY": "key"}.items():
        monkeypatch.setenv(f"LANDFALL_{name}", value)
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def landed() -> list[tuple[Any, ...]]:
    with connect("loader") as connection:
        return connection.execute(
            "select record_id, record - '_id' - 'last_modified_time', changed_at, known_at"
            " from landing.fxiaoke__opportunities order by 1, 3"
        ).fetchall()


def fetch(statement: str) -> list[tuple[Any, ...]]:
    with connect("loader") as connection:
        return connection.execute(statement).fetchall()


def test_changes_of_one_instant_make_one_version_and_deletion_a_tombstone(export: Path) -> None:
    load_history(AS_OF)
    born = {
        "name": "甲",
        "sales_stage": "eq_need",
        "amount": "100.00",
        "sales_process_id": "equipment",
        "is_renewal__c": False,
        "create_time": int(BORN),
    }
    moved = {**born, "sales_stage": "eq_quote"}
    del moved["amount"]
    first, second = cutoff(date(2026, 6, 1)), cutoff(GO_LIVE)
    assert landed() == [
        ("a", born, datetime(2026, 6, 1, 1, tzinfo=UTC), first),
        ("a", moved, datetime(2026, 6, 1, 7, tzinfo=UTC), first),
        ("a", {**moved, "owner": ["1008"]}, datetime(2026, 6, 2, 2, tzinfo=UTC), second),
        (
            "b",
            {"name": "乙", "sales_stage": "eq_need", "create_time": int(BORN)},
            datetime(2026, 6, 1, 1, tzinfo=UTC),
            first,
        ),
        ("b", {"is_deleted": True}, datetime(2026, 6, 2, 2, tzinfo=UTC), second),
    ]
    assert fetch("select distinct watermark from ops.watermarks") == [(second,)]
    assert fetch("select key, value->>'gross_amount', decided_at::text, valid_from::text from ops.settings") == [
        ("D0|2026Q3", "1000.00", "-infinity", "1970-01-01")
    ]


def test_a_stage_log_alone_tells_stage_and_what_is_fixed_at_creation(
    export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANDFALL_HISTORY", "stage_only")
    settings.cache_clear()
    load_history(AS_OF)
    fixed = {
        "sales_process_id": "equipment",
        "create_time": int(BORN),
        "sales_stage": "eq_need",
        "stg_changed_time": int(BORN),
    }
    assert [(row[0], row[1]) for row in landed()] == [
        ("a", fixed),
        ("a", fixed | {"sales_stage": "eq_quote", "stg_changed_time": 1780297200000}),
        ("b", {"create_time": int(BORN)}),
    ]
    assert fetch("select * from ops.watermarks") == []  # the first night reads every record as it is that day
    load_history(AS_OF)
    assert len(fetch("select * from ops.loads")) == 1


@pytest.mark.parametrize("failpoint", ["landing.before", "landing.inside", "landing.after"])
def test_a_killed_load_ends_like_an_undisturbed_one(export: Path, failpoint: str) -> None:
    assert run_step("history", "--as-of", AS_OF.isoformat(), failpoint=failpoint).returncode == -9
    assert run_step("history", "--as-of", AS_OF.isoformat()).returncode == 0
    assert len(landed()) == 5
    assert fetch("select count(*) from ops.watermarks") == [(9,)]
    assert fetch("select sum(received), sum(landed) from ops.loads") == [(5, 5)]


def test_an_export_that_ends_after_the_day_is_refused(export: Path) -> None:
    with pytest.raises(StepError, match="ends on 2026-06-02, after 2026-06-01: run a night of that day or later"):
        load_history(date(2026, 6, 1))


def test_an_export_without_manifest_needs_its_last_day_told(export: Path) -> None:
    (export / "manifest.json").unlink()
    with pytest.raises(StepError, match="give --go-live"):
        load_history(AS_OF)
    load_history(AS_OF, GO_LIVE)
    assert fetch("select distinct watermark from ops.watermarks") == [(cutoff(GO_LIVE),)]


def test_a_file_that_lacks_a_mapped_field_is_refused_by_name(export: Path) -> None:
    path = export / "NewOpportunityObj_initial.csv"
    path.write_text(path.read_text().replace("close_date", "closing"))
    with pytest.raises(StepError, match=r"NewOpportunityObj_initial\.csv has no column 'close_date'"):
        load_history(AS_OF)


def test_a_record_without_a_creation_time_is_kept_beside(export: Path) -> None:
    path = export / "NewOpportunityObj_initial.csv"
    path.write_text(path.read_text() + deal_fields(id="c", create_time="soon") + "\n")
    load_history(AS_OF)
    assert fetch("select record_id, reason from ops.quarantine") == [
        ("c", "create_time or another field is not of its kind")
    ]
    assert len(landed()) == 5


def test_a_tenant_without_history_loads_none(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANDFALL_HISTORY", "none")
    settings.cache_clear()
    load_history(AS_OF)
    assert (landed(), fetch("select * from ops.watermarks")) == ([], [])


def test_each_field_says_whether_its_past_is_dated_or_imported(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load_history(AS_OF)
    tell("fxiaoke")
    said = capsys.readouterr().out.partition("fxiaoke opportunities:\n")[2].splitlines()
    assert "  sales_stage: dated since 2026-06-01" in said
    assert "  sales_process_id: imported: one value a record since 2026-06-01, no change of it is told" in said
    assert "  bid_date__c: never filled" in said
