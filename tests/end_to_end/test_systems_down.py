"""Each system but the CRM is down for a whole night: the others are read, the build says what is stale, a rerun mends it without a trace.

The CRM has its own test, `test_partial_night.py`, since our writes are its records.
"""

import pytest

from nightly.services import SANDBOX_PATHS
from tests.end_to_end.conftest import LineMaker
from tests.end_to_end.line import Line
from tests.end_to_end.tables import hashes

SYSTEMS = ("kingdee", "wecom", "dingtalk", "hubspot", "baidu", "tencent")
NOBODY = "http://127.0.0.1:9"
STALE = "select distinct s.value ->> 'system' from published.mart_build, jsonb_array_elements(stale_inputs) as s"


def tables_of(line: Line) -> dict[str, str]:
    """Hashes of landing and of the published build's marts, under names that do not tell the build; without the publish log, which
    remembers that people were shown a build while a system was down."""
    build = f"build_{line.rows('select build_id from ops.published_build')[0][0]}"
    found = {name.replace(build, "marts"): told for name, told in hashes(("landing", build), line.rows).items()}
    del found["marts.rpt_publication"]
    return found


def addresses(system: str) -> dict[str, str]:
    """The settings of the system's addresses, pointed at a port on which nobody listens."""
    return {name.upper(): NOBODY for name in SANDBOX_PATHS if name.startswith(f"{system}_")}


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
        healthy, mended = tables_of(calm), tables_of(hit)
        differing = {name for name in healthy.keys() | mended.keys() if healthy.get(name) != mended.get(name)}
        assert not differing, system
