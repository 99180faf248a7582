"""Our log filter: secrets and persons leave no process as text; figures and ids stay."""

import io
import json
import subprocess
import sys

import pytest
from pydantic import SecretStr

from warehouse.redaction import RedactingStream, redacted, secrets_of

SECRETS = ["canary-secret-1", "hook-canary-2"]


def test_lists_of_secrets_count_piece_by_piece_and_short_ones_are_left() -> None:
    assert secrets_of([SecretStr("website=hook-canary-2,shop=hook-canary-3"), SecretStr("short"), "no secret", SecretStr("")]) == [
        "website=hook-canary-2,shop=hook-canary-3", "hook-canary-2", "hook-canary-3",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("refused: canary-secret-1 is wrong", "refused: *** is wrong"),
        ("call 13812345678 now", "call *** now"),
        ("call +86 138-1234-5678", "call ***"),
        ("from li.na+x@example.com.cn", "from ***"),
        ("DETAIL: Key (original)=(王强) exists", "DETAIL: ***"),
        ("build 2026-05-20-13812345678a of 5f13812345678900, 13,812,345.67, 13812345678.00", None),
        ("landed 13812345678901 ms", None),
    ],
)
def test_what_names_a_person_or_opens_a_door_is_taken_out_and_the_rest_stays(said: str, left: str | None) -> None:
    assert redacted(said, SECRETS) == (left or said)


def test_a_secret_that_arrives_in_two_writes_is_seen_and_a_figure_on_stdout_stays() -> None:
    inner = io.StringIO()
    stream = RedactingStream(inner, SECRETS, is_strict=False)
    stream.write("one canary-sec")
    stream.write("ret-1 two 13812345678\nthree")
    assert inner.getvalue() == "one *** two 13812345678\n"
    stream.flush()
    assert inner.getvalue().endswith("three")


def test_a_step_that_falls_over_shows_its_traceback_without_them() -> None:
    code = (
        "from warehouse.steps import run_cli\n"
        "def main():\n"
        "    print('start hook-canary-2 done')\n"
        "    raise ValueError('13812345678 canary-secret-1')\n"
        "run_cli(main)"
    )
    env = {
        "LANDFALL_KINGDEE_APP_SECRET": "canary-secret-1",
        "LANDFALL_WEBHOOK_SECRETS": "website=hook-canary-2",
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run([sys.executable, "-c", code], env=env, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, "start *** done\n")
    assert "ValueError: *** ***" in done.stderr
    assert not any(each in json.dumps([done.stdout, done.stderr]) for each in (*SECRETS, "13812345678"))
