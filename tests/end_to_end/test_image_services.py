"""Each service of `docker/compose.yml` out of the root file system that the Dockerfile's steps made, started as an engine would.

`LANDFALL_TEST_IMAGE` names the folder that `python -m tests.end_to_end.image` made; without it, or without root, nothing can be started.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from tests.architecture.containers import compose
from tests.end_to_end.image import Image
from tests.end_to_end.line import ROOT
from tests.end_to_end.services import READY_SECONDS, STARTED, free_ports

FOLDER = os.environ.get("LANDFALL_TEST_IMAGE", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.soak,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        not FOLDER or os.geteuid() != 0, reason="LANDFALL_TEST_IMAGE names no root file system, or we are not root"
    ),
]


class Container:
    """The image with the compose file's settings and volumes, on ports of this machine; the session's PostgreSQL stands for its own."""

    def __init__(self, postgres_home: Path, folder: Path) -> None:
        self.image = Image(Path(FOLDER))
        self.image.build("landfall")
        self.folder, (airflow, mlflow, webhook, sandbox) = folder, free_ports(4)
        shared = dict(pair.split("=", 1) for pair in (postgres_home / "runtime.env").read_text().splitlines())
        own = {
            "TENANT": "e2e_image", "AIRFLOW_PORT": airflow, "AIRFLOW_URL": f"http://127.0.0.1:{airflow}", "MLFLOW_PORT": mlflow,
            "WEBHOOK_PORT": webhook, "SANDBOX_PORT": sandbox, "SANDBOX_SCALE": "0.02", "PG_HOST": "127.0.0.1",
            "PG_PORT": shared["LANDFALL_PG_PORT"],
        }  # fmt: skip
        told = compose()["x-landfall"]["environment"]
        self.env = self.image.env | told | {f"LANDFALL_{key}": value for key, value in own.items()}
        self.secrets = folder / "secrets"
        subprocess.run(["sh", "docker/make-secrets.sh", str(self.secrets)], cwd=ROOT, check=True)
        shutil.copyfile(shared["LANDFALL_PG_PASSFILE"], self.secrets / "pgpass")
        for name in ("home", "backups"):
            (folder / name).mkdir()
            os.chown(folder / name, 10001, 10001)
        self.volumes = {
            "/etc/landfall/landfall.env": ROOT / "config" / "embedded.env", "/run/secrets": self.secrets,
            "/var/lib/landfall": folder / "home", "/var/backups/landfall": folder / "backups",
        }  # fmt: skip

    def start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                self.image.container(self.volumes, *command),
                env=self.env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ask(self, *command: str) -> tuple[int, str]:
        done = subprocess.run(
            self.image.container(self.volumes, *command),
            env=self.env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return done.returncode, done.stdout

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")[-2000:]


@pytest.fixture(scope="module")
def container(postgres_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Container:
    return Container(postgres_home, tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def running(container: Container) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The services that were started, once the databases are prepared; all are stopped at the end."""
    code, said = container.ask(*compose()["services"]["prepare"]["command"])
    assert code == 0, said
    started: dict[str, subprocess.Popen[bytes]] = {}
    yield started
    for process in started.values():
        for each in [*psutil.Process(process.pid).children(recursive=True), process]:
            each.terminate()
        process.wait(60)


@pytest.mark.parametrize("name", STARTED)
def test_a_service_out_of_the_image_becomes_healthy(
    container: Container, running: dict[str, subprocess.Popen[bytes]], name: str
) -> None:
    service = compose()["services"][name]
    running[name] = container.start(name, service["command"])
    asked = service["healthcheck"]["test"][1:]
    for _ in range(READY_SECONDS):
        found = container.ask(*asked)
        if found[0] == 0:
            break
        assert running[name].poll() is None, container.log(name)
        time.sleep(3)  # a service's own pace
    assert (found[0], found[1].strip()) == (0, f"{name} is well"), found[1] + container.log(name)
    assert {psutil.Process(running[name].pid).uids().real} == {10001}


def test_a_service_cannot_write_what_it_is_made_of(container: Container) -> None:
    code, said = container.ask("touch", "/opt/landfall/dags/mine.py")
    assert (code, "Read-only file system" in said) == (1, True), said
    assert container.ask("touch", "/var/lib/landfall/mine", "/tmp/mine") == (0, "")  # noqa: S108 - the container's own
