"""`make up` and `make down`: the pages answer on loopback alone, the DAGs are switched on, the scheduler runs them, and all of it ends."""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from tests.end_to_end.conftest import LineMaker, LinePointer
from tests.end_to_end.line import Line
from tests.end_to_end.tables import one

pytestmark = pytest.mark.slow
PROCESSES = ("airflow", "airflow-scheduler", "airflow-dag-processor", "mlflow", "webhook", "sandbox")


@pytest.fixture(scope="module")
def taken() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@pytest.fixture(scope="module")
def free_ports() -> tuple[str, ...]:
    """Three ports nobody listens on."""
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    ports = tuple(str(server.getsockname()[1]) for server in servers)
    for server in servers:
        server.close()
    return ports


@pytest.fixture(scope="module")
def stack(new_line: LineMaker, free_ports: tuple[str, ...]) -> Iterator[tuple[Line, str]]:
    """A company whose pages are up, and what `up` printed."""
    airflow, mlflow, webhook = free_ports
    ports = {"AIRFLOW_PORT": airflow, "MLFLOW_PORT": mlflow, "WEBHOOK_PORT": webhook}
    line = new_line("stack", is_sandbox=True, SOURCES="fxiaoke,webhook", **ports)
    yield line, line.ask("nightly", "up")
    line.command("nightly", "down")


class Airflow:
    """Airflow's API, signed in as the printed login says."""

    def __init__(self, line: Line) -> None:
        self.base = f"http://127.0.0.1:{line.environment['AIRFLOW_PORT']}"
        password = json.loads((line.home / "airflow" / "simple_auth_manager_passwords.json.generated").read_text())
        login = {"username": "admin", "password": password["admin"]}
        token = httpx.post(f"{self.base}/auth/token", json=login, timeout=60).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def ask(self, path: str, body: object = None) -> Any:
        """GET, or POST of `body`."""
        url = f"{self.base}/api/v2/{path}"
        if body is None:
            reply = httpx.get(url, headers=self.headers, timeout=60)
        else:
            reply = httpx.post(url, headers=self.headers, json=body, timeout=60)
        assert reply.is_success, reply.text
        return reply.json()

    def until(self, path: str, name: str, values: set[str], seconds: int = 120) -> dict[str, Any]:
        """Ask until the field `name` holds one of `values`."""
        for _ in range(seconds * 2):
            found: dict[str, Any] = self.ask(path)
            if found[name] in values:
                return found
            time.sleep(0.5)  # the scheduler's pace, not ours
        raise AssertionError(f"{path}: {name} is {found[name]}, not one of {values}, after {seconds} s")


def test_up_prints_addresses_that_answer_and_the_login_opens_airflow(stack: tuple[Line, str]) -> None:
    line, said = stack
    for title, page in (("Airflow", "AIRFLOW_PORT"), ("MLflow", "MLFLOW_PORT")):
        address = f"http://127.0.0.1:{line.environment[page]}"
        assert f"{title:<12}{address}" in said
        assert httpx.get(address, timeout=60).status_code == 200
    assert line.crm_address() in said
    webhook = f"http://127.0.0.1:{line.environment['WEBHOOK_PORT']}"
    assert f"webhook     {webhook}/ingest/leads/<sender>" in said
    assert httpx.get(f"{webhook}/health", timeout=60).json() == {"status": "up"}
    unsigned = httpx.post(f"{webhook}/ingest/leads/website", json={"phone": "13800000000"}, timeout=60)
    assert unsigned.status_code == 401
    assert Airflow(line).ask("version")["version"].startswith("3.")


def test_the_nights_are_switched_on_at_their_hours_of_the_business_time_zone(stack: tuple[Line, str]) -> None:
    airflow = Airflow(stack[0])
    for dag, hour in (("nightly_forecast", "01:30"), ("build_deadline", "07:30"), ("train_win_model", "03:00")):
        found = airflow.until(f"dags/{dag}", "is_paused", {False})  # type: ignore[arg-type]
        due = datetime.fromisoformat(found["next_dagrun_run_after"]).astimezone(ZoneInfo("Asia/Shanghai"))
        assert f"{due:%H:%M}" == hour, dag


def test_the_scheduler_runs_a_dag_and_a_missing_build_is_red_and_on_record(
    stack: tuple[Line, str], use_line: LinePointer
) -> None:
    line, _ = stack
    airflow = Airflow(line)
    run = airflow.ask("dags/build_deadline/dagRuns", {"logical_date": None})["dag_run_id"]
    path = f"dags/build_deadline/dagRuns/{run}"
    assert airflow.until(path, "state", {"success", "failed"})["state"] == "failed"
    use_line(line)
    # soon after 07:30 the scheduler has a run of its own to catch up with
    day, state, detail = one("select distinct as_of, state, detail from ops.step_runs where step = 'deadline'")
    assert (day, state) == (line.day, "failed")
    assert detail["last_state"] == "not started"  # type: ignore[index]
    log = airflow.ask(f"{path}/taskInstances/look/logs/1?full_content=true")
    assert f"{line.day} 的预测到期未发布" in json.dumps(log, ensure_ascii=False)


@pytest.mark.parametrize("dag", ["nightly_forecast", "train_win_model"])
def test_a_day_that_is_none_is_refused_where_it_is_typed(stack: tuple[Line, str], dag: str) -> None:
    """The night's first task waits for who holds the lock: it tried such a day for half an hour."""
    airflow = Airflow(stack[0])
    asked = {"logical_date": None, "conf": {"as_of": "20th of May"}}
    reply = httpx.post(f"{airflow.base}/api/v2/dags/{dag}/dagRuns", headers=airflow.headers, json=asked, timeout=60)
    assert (reply.status_code, "'20th of May' is not a 'date'" in reply.text) == (400, True), reply.text


def test_nothing_listens_beyond_this_machine(stack: tuple[Line, str]) -> None:
    addresses = set()
    for name in PROCESSES:
        leader = psutil.Process(int((stack[0].home / "run" / f"{name}.pid").read_text()))
        for process in (leader, *leader.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):  # a task that ended meanwhile
                addresses |= {c.laddr.ip for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN}
    assert addresses == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("AIRFLOW_PORT", "for airflow is in use by another program: set LANDFALL_AIRFLOW_PORT to a free port, then rerun"),
        ("MLFLOW_PORT", "for mlflow is in use by another program: set LANDFALL_MLFLOW_PORT to a free port, then rerun"),
        ("WEBHOOK_PORT", "for webhook is in use by another program: set LANDFALL_WEBHOOK_PORT to a free port, then rerun"),
        ("SANDBOX_PORT", "is not free (Address already in use): set LANDFALL_SANDBOX_PORT (or --port) to a free port"),
    ],
)  # fmt: skip
def test_a_port_in_use_is_named_with_its_setting(new_line: LineMaker, taken: int, setting: str, told: str) -> None:
    ports = dict.fromkeys(("AIRFLOW_PORT", "MLFLOW_PORT", "WEBHOOK_PORT"), "0")
    line = new_line(f"port_{setting.lower()}", SOURCES="fxiaoke,webhook", is_sandbox=False, **ports)
    result = line.command("nightly", "up", **{"SANDBOX": "true", setting: str(taken)})
    last = result.output.strip().splitlines()[-1]
    assert (result.returncode, last.startswith(f"port {taken} ")) == (1, True), result.output
    assert told in last


def test_postgres_on_a_port_in_use_is_named_with_its_setting(
    stack: tuple[Line, str], tmp_path: Path, taken: int
) -> None:
    line, _ = stack
    home = tmp_path / "home"
    result = line.command("nightly", "night", HOME=str(home), PG_EMBEDDED="true", PG_PORT=str(taken), PG_PASSFILE="")
    assert (result.returncode, result.output.strip().splitlines()[-1]) == (
        1, f"port {taken} is in use by another program: set LANDFALL_PG_PORT to a free port (0 chooses one), then rerun")  # fmt: skip


def test_down_stops_all_of_it_and_may_be_typed_twice(stack: tuple[Line, str]) -> None:
    line, _ = stack
    groups = [int((line.home / "run" / f"{name}.pid").read_text()) for name in PROCESSES]
    told = line.ask("nightly", "down")
    assert all(f"{name}: stopped" in told for name in PROCESSES)
    left = [p.pid for p in psutil.process_iter() if p.status() != psutil.STATUS_ZOMBIE and _group(p) in groups]
    assert left == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{line.environment['AIRFLOW_PORT']}", timeout=5)
    assert "airflow: was not running" in line.ask("nightly", "down")


def _group(process: Any) -> int:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return -1
