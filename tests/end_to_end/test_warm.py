"""The warm start changes nothing but the time: exit code and output are those of the command."""

import pytest

from tests.end_to_end.line import Line, Result

pytestmark = pytest.mark.slow


def both(line: Line, *arguments: str) -> tuple[Result, Result]:
    """The same command warm, then cold: an override makes it so, even one that says what is set already."""
    return line.command(*arguments), line.command(*arguments, TENANT=line.tenant)


def test_a_step_that_succeeds_prints_the_same_warm_and_cold(first_night: Line) -> None:
    warm, cold = both(first_night, "expectations", "features", "--as-of", first_night.day.isoformat())
    assert (warm.returncode, warm.output) == (0, cold.output)
    assert "features gate passed" in warm.output


def test_a_step_that_fails_or_is_misused_ends_with_the_same_code_and_sentence(first_night: Line) -> None:
    for arguments, code in ((("warehouse", "publish", "--as-of", "1999-01-01"), 1), (("ml", "nonsense"), 2)):
        warm, cold = both(first_night, *arguments)
        assert (warm.returncode, warm.output) == (code, cold.output)


def test_a_warm_process_may_not_leave_this_machine_either(first_night: Line) -> None:
    away = "import socket; socket.create_connection(('192.0.2.1', 9))"
    refused = first_night.command("timeit", "-n1", "-r1", away)
    outside = first_night.home / "outside.txt"
    assert "may not leave this machine" in refused.output
    assert "192.0.2.1" in outside.read_text("utf-8")
    outside.unlink()
