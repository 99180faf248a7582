"""How a command line ends."""

import subprocess
import sys

TALKATIVE = "from warehouse.steps import run_cli; run_cli(lambda: print('a line\\n' * 100_000))"


def test_a_reader_who_has_seen_enough_is_no_fault_of_the_command() -> None:
    """`python -m warehouse.explain … | head` once ended in a traceback."""
    with subprocess.Popen([sys.executable, "-c", TALKATIVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
        assert command.stdout
        assert command.stderr
        command.stdout.readline()
        command.stdout.close()
        said = command.stderr.read()
    assert (command.returncode, said) == (0, b"")
