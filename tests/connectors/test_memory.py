"""A cap on memory: the step ends with a sentence, nothing is half landed, and without the cap the walk goes on where it was."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
import yaml

from config.settings import ROOT, child_environment, settings
from tests.connectors.test_files import CSV, MAPPING
from warehouse.frames import fetch_all

MORE = 20_000_000  # bytes that the capped process may still ask for
ROWS, LONG = 8_000, "words of a call " * 120  # what one page of them takes is more
CAPPED = f"""
import resource
from pathlib import Path
import connectors.extract, connectors.file_walk
from connectors.__main__ import main
from warehouse.steps import run_cli
held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + {MORE}, held + {MORE}))
run_cli(main)
"""
LANDED = (
    "select (select count(*) from landing.files__opportunities), (select count(*) from landing.files__interactions),"
    " (select count(*) from ops.loads where received <> landed + unchanged + quarantined)"
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux caps a process by what it maps"),
]


@pytest.fixture
def extract(tenant_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The arguments of an extraction of two deals and a page of long interactions."""
    folder, patch = tmp_path_factory.mktemp("files"), pytest.MonkeyPatch()
    calls = "".join(f"I-{n},O-1,2026-06-01 09:00,phone,{LONG}\n" for n in range(ROWS))
    (folder / "deals.csv").write_text(CSV, "utf-8")
    (folder / "calls.csv").write_text(f"id,deal,at,kind,said\n{calls}", "utf-8")
    fields = {"id": "id", "opportunity_id": "deal", "occurred_at": "at", "kind": "kind", "direction": "said"}
    streams = {**MAPPING["streams"], "interactions": {"file": "calls.csv", "changed_at": "at", "fields": fields}}
    (folder / "mapping.yml").write_text(yaml.safe_dump({**MAPPING, "streams": streams}, sort_keys=False), "utf-8")
    patch.setenv("LANDFALL_INPUT_DIR", str(folder))
    patch.setenv("LANDFALL_MAPPING", str(folder / "mapping.yml"))
    settings.cache_clear()
    yield ["extract", "--as-of", "2026-06-30"]
    patch.undo()
    settings.cache_clear()


def ended(*command: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, *command], env=child_environment(), cwd=ROOT, text=True, capture_output=True, check=False
    )
    return done.returncode, done.stderr


def test_a_landing_that_does_not_fit_ends_with_a_sentence_and_goes_on_without_the_cap(extract: list[str]) -> None:
    code, said = ended("-c", CAPPED, *extract)
    assert (code, said.splitlines()[1:]) == (1, []), said
    assert said.startswith("the step extract ran out of memory (at its highest it held ")
    assert "give it more" in said
    assert fetch_all("checker", LANDED) == [(2, 0, 0)]

    code, said = ended("-m", "connectors", *extract)
    assert code == 0, said
    assert fetch_all("checker", LANDED) == [(2, ROWS, 0)]
    runs = fetch_all("checker", "select state, detail ->> 'error', peak_rss_bytes from ops.step_runs order by run_id")
    (failed, why, capped), (done, _, peak) = runs
    assert (failed, why, done) == ("failed", "MemoryError", "done")
    assert 20_000_000 < capped < peak < 1_500_000_000
