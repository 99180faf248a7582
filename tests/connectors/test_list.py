"""The list of streams: all that can be read, connected or not."""

from config.systems import CREDENTIALS
from connectors.streams import mapping_of
from tests.connectors.company import run_step


def test_every_system_and_stream_is_listed_with_how_it_is_read() -> None:
    said = run_step("--list", sources="fxiaoke").stdout
    assert [line.split(":")[0] for line in said.splitlines() if not line.startswith(" ")] == list(CREDENTIALS)
    assert "salesforce: not connected, set LANDFALL_SALESFORCE_CLIENT_ID; " in said
    for system in CREDENTIALS:
        for name, stream in mapping_of(system).streams.items():
            assert f"  {name:<20} {stream.object}: {stream.mode}, key " in said
    assert "dated by last_modified_time (ms), look-back 60 min, required" in said
