"""Each system but the CRM is down for a whole night: the others are read, the build says what is stale, a rerun mends it without a trace.

The CRM has its own test, `test_partial_night.py`, since our writes are its records.
"""

import pytest

from tests.end_to_end.conftest import LineMaker
from tests.end_to_end.failures import NOBODY, SYSTEMS, addresses
from tests.end_to_end.tables import differing, without_a_trace

STALE = "select distinct s.value ->> 'system' from published.mart_build, jsonb_array_elements(stale_inputs) as s"


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_a_system_that_was_down_all_night_leaves_no_trace_after_its_rerun(new_line: LineMaker) -> None:
    calm, hit = (new_line(name, SOURCES="") for name in ("all_up", "one_down"))
    for line in (calm, hit):
        line.night(line.day)
    for system in SYSTEMS:
        for line in (calm, hit):
            line.advance()
        calm.night(calm.day)
        hit.environment |= addresses(system)
        extract = hit.step("extract", hit.day)
        assert extract.returncode == 1, extract.output
        assert f"at {NOBODY} cannot be reached" in extract.output
        assert f"LANDFALL_{system.upper()}_" in extract.output
        hit.night(hit.day, since="gate_landing")
        assert hit.rows(STALE) == [(system,)]

        for name in addresses(system):
            del hit.environment[name]
        hit.ask("connectors", "extract", "--system", system, "--as-of", hit.day.isoformat())
        hit.night(hit.day, since="gate_landing")
        assert hit.rows(STALE) == []
        assert not differing(without_a_trace(calm), without_a_trace(hit)), system
