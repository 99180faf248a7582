"""The commands of the sandbox as people run them: each its own process."""

import json
import socket
import subprocess
from pathlib import Path

import httpx

from tests.sandbox.served import command, environment


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the sandbox to its end."""
    return subprocess.run(
        command(home, *arguments), env=environment(), text=True, capture_output=True, check=False, timeout=60
    )


def test_a_server_says_where_it_listens_serves_over_its_restart_and_tidies_up(home: Path) -> None:
    note = home / "sandbox" / "server.json"
    days = []
    for _ in range(2):
        server = subprocess.Popen(
            command(home, "serve", "--port", "0"), env=environment(), stdout=subprocess.PIPE, text=True
        )
        assert server.stdout
        address = server.stdout.readline().removeprefix("listening on ").strip()
        assert json.loads(note.read_text()) == {"port": httpx.URL(address).port, "pid": server.pid}
        days.append(httpx.post(f"{address}/sandbox/advance", json={"days": 1}, timeout=10).json()["day"])
        refused = run(home, "create", "--replace")
        assert (refused.returncode, "stop it first" in refused.stderr) == (1, True)
        server.terminate()
        server.communicate(timeout=20)
        assert not note.exists()
    assert days == ["2026-07-01", "2026-07-02"]


def test_a_port_in_use_is_named_with_what_to_do(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run(home, "serve", "--port", str(port))
    assert done.returncode == 1
    told = "set LANDFALL_SANDBOX_PORT (or --port) to a free port, or 0 for any"
    assert done.stderr == f"port {port} on 127.0.0.1 is not free (Address already in use): {told}\n"


def test_a_home_without_a_company_is_told_how_to_get_one(tmp_path: Path) -> None:
    done = run(tmp_path, "advance")
    assert (done.returncode, done.stderr.endswith("run `python -m sandbox create` first\n")) == (1, True)


def test_create_export_advance_and_clock_follow_each_other(tmp_path: Path) -> None:
    created = run(tmp_path, "create", "--day", "2026-06-30", "--scale", "0.005", "--seed", "2", "--days-ahead", "3")
    assert created.returncode == 0, created.stderr
    assert (tmp_path / "sandbox" / "truth" / "opportunities.csv").exists()
    exported = run(tmp_path, "export", "--mode", "stage_only", "--out", str(tmp_path / "export"))
    assert "opportunity_stage_log.csv: " in exported.stdout
    assert run(tmp_path, "advance", "--days", "2").stdout.startswith("2026-07-01: ")
    clock = json.loads(run(tmp_path, "clock").stdout)
    assert (clock["day"], clock["go_live"], clock["horizon"]) == ("2026-07-02", "2026-06-02", "2026-07-03")
    assert "generated up to 2026-07-03" in run(tmp_path, "advance", "--days", "2").stderr
    assert "set SCALE above 0" in run(tmp_path / "other", "create", "--scale", "0").stderr
