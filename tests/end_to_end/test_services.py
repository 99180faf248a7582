"""Each service's command of `docker/compose.yml`, run as a plain process with the file's own settings, until its health check passes."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from tests.architecture.containers import compose
from tests.end_to_end.line import Line
from tests.end_to_end.services import READY_SECONDS, STARTED, free_ports

pytestmark = [pytest.mark.slow, pytest.mark.soak]


@pytest.fixture(scope="module")
def line(postgres_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Line:
    """The containers' settings with other values: a host, ports and folders of this machine."""
    folder = tmp_path_factory.mktemp("containers")
    told = {key.removeprefix("LANDFALL_"): value for key, value in compose()["x-landfall"]["environment"].items()}
    secrets = folder / "secrets"
    subprocess.run(["sh", "docker/make-secrets.sh", str(secrets)], check=True)
    airflow, mlflow, webhook, sandbox = free_ports(4)
    own = {
        "SECRETS_DIR": str(secrets), "AIRFLOW_KEYS_DIR": str(secrets), "BACKUP_DIR": str(folder / "backups"),
        "AIRFLOW_PORT": airflow, "AIRFLOW_URL": f"http://127.0.0.1:{airflow}", "MLFLOW_PORT": mlflow, "WEBHOOK_PORT": webhook,
        "SANDBOX_PORT": sandbox,
    }  # fmt: skip
    for name in ("PG_HOST", "PG_PORT", "PG_PASSFILE"):
        told.pop(name)
    line = Line(folder / "home", "e2e_containers", postgres_home, environment=told | own)
    line.home.mkdir()
    return line


@pytest.fixture(scope="module")
def running(line: Line) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Every service, started as its container would be, in the order of the compose file."""
    services = compose()["services"]
    line.ask(*services["prepare"]["command"][2:])
    started: dict[str, subprocess.Popen[bytes]] = {}
    for name in STARTED:
        command = [sys.executable, *services[name]["command"][1:]]
        with (line.home / f"{name}.log").open("wb") as log:
            started[name] = subprocess.Popen(
                command, env=line.env(), stdout=log, stderr=log, start_new_session=True, cwd=line.root
            )
    yield started
    for process in started.values():
        for each in [*psutil.Process(process.pid).children(recursive=True), process]:
            each.terminate()
        process.wait(60)


@pytest.mark.parametrize("name", STARTED)
def test_a_service_becomes_healthy_and_keeps_no_secret_in_its_arguments(
    line: Line, running: dict[str, subprocess.Popen[bytes]], name: str
) -> None:
    asked = compose()["services"][name]["healthcheck"]["test"][3:]
    for _ in range(READY_SECONDS):
        found = line.command(*asked)
        if found.returncode == 0:
            break
        assert running[name].poll() is None, (line.home / f"{name}.log").read_text()[-2000:]
        time.sleep(1)  # a service's own pace
    assert (found.returncode, found.output.strip()) == (0, f"{name} is well"), found.output
    secrets = [path.read_text().strip() for path in Path(line.environment["SECRETS_DIR"]).iterdir()]
    processes = [psutil.Process(running[name].pid), *psutil.Process(running[name].pid).children(recursive=True)]
    said = "\n".join(" ".join(each.cmdline()) for each in processes)
    assert not any(each in said for each in secrets)


def test_a_service_that_is_down_is_said_to_be(line: Line) -> None:
    found = line.command("nightly", "healthy", "webhook", WEBHOOK_PORT=free_ports(1)[0])
    assert found.returncode == 1
    assert "webhook does not answer at http://127.0.0.1:" in found.output


def test_what_the_script_draws_is_the_owners_alone_and_is_drawn_once(tmp_path: Path) -> None:
    command = ["sh", "docker/make-secrets.sh", str(tmp_path / "secrets")]
    subprocess.run(command, check=True, capture_output=True)
    drawn = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    subprocess.run(command, check=True, capture_output=True)
    assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == drawn
    assert len(set(drawn.values())) == len(drawn)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "secrets").iterdir())
    assert os.access(tmp_path / "secrets" / "pgpass", os.R_OK)
