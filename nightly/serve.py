"""One long-running process of an installation: what `make up` starts in the background and what a container runs in its foreground.

In: its name and the settings. Out: its command with its environment, and whether it is well. Containers differ by settings alone.
"""

import json
import os
import subprocess
import sys
from urllib.request import urlopen

from config.runtime import remember
from config.settings import child_environment, settings
from nightly import airflow, services, version
from warehouse.connection import connect, sqlalchemy_url
from warehouse.migrate import ensure_database, migrate
from warehouse.steps import StepError

AIRFLOW = {  # process → its command; the log server that `airflow standalone` adds would listen on every interface
    "airflow": ["airflow", "api-server", "--workers", "1"],
    "airflow-scheduler": ["airflow", "scheduler", "--skip-serve-logs"],
    "airflow-dag-processor": ["airflow", "dag-processor"],
    "airflow-triggerer": ["airflow", "triggerer", "--skip-serve-logs"],
}
PARTS = {  # process → what Airflow's own report calls it
    "airflow": "metadatabase",
    "airflow-scheduler": "scheduler",
    "airflow-dag-processor": "dag_processor",
    "airflow-triggerer": "triggerer",
}
NAMES = (*AIRFLOW, "mlflow", "webhook", "sandbox", "pages")
ANSWER_SECONDS = 10
COMPANY_PORT = 8089  # of the sandbox in a container, where none was set


def prepare() -> int:
    """Bring every database up to date; a container's first step, and an upgrade's."""
    for name in migrate():
        print(f"database {settings().pg_database}: applied {name}")
    prepare_platform()
    version.note()
    print("the databases of landfall, Airflow and MLflow are up to date")
    return 0


def prepare_platform() -> None:
    """Make or upgrade the databases of Airflow and MLflow; MLflow makes the tables of a new one by itself."""
    airflow.prepare()
    ensure_database("mlflow")
    if settings().mlflow_uri:
        return
    with connect(None, database="mlflow") as connection:
        found = connection.execute("select to_regclass('public.alembic_version') is not null").fetchone()
    if found and found[0]:
        command = [sys.executable, "-m", "mlflow", "db", "upgrade", _store()]
        done = subprocess.run(command, env=child_environment(), text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise StepError(f"MLflow could not upgrade its database: {services.last_line(done)}")


def command(name: str) -> tuple[list[str], dict[str, str]]:
    """The command of process `name` and its environment."""
    now = settings()
    if name in AIRFLOW:
        return AIRFLOW[name], airflow.environment()
    if name == "mlflow":  # the pages alone: MLflow's own job runner (eight processes) has nothing to do here
        asked = [sys.executable, "-m", "mlflow", "server", "--host", now.mlflow_host, "--port", str(now.mlflow_port)]
        asked += [
            "--workers",
            "1",
            "--backend-store-uri",
            _store(),
            "--artifacts-destination",
            str(now.home / "mlflow"),
        ]
        return asked, child_environment() | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    if name == "webhook":
        return [sys.executable, "-m", "connectors", "webhook"], child_environment()
    raise ValueError(
        f"{name} is started by no command of its own: choose among {', '.join((*AIRFLOW, 'mlflow', 'webhook'))}"
    )


def _store() -> str:
    return settings().mlflow_uri or sqlalchemy_url("", database="mlflow", driver="psycopg2")


def run(name: str) -> int:
    """Become process `name`, until it is told to end."""
    if name == "pages":
        from nightly import pages

        asked, env = pages.foreground()
    else:
        asked, env = _company() if name == "sandbox" else command(name)
    sys.stdout.flush()
    os.execvpe(asked[0], asked, env)  # noqa: S606 - a list that we build, and no shell


def _company() -> tuple[list[str], dict[str, str]]:
    """The sandbox company, made the first time; other containers of the same home find it by the host's name."""
    port, host = settings().sandbox_port or COMPANY_PORT, os.uname().nodename
    services.create_company()
    services.remember_company(f"http://{host}:{port}")
    remember(settings().home, sandbox_port=str(port))
    asked = [sys.executable, "-m", "sandbox", "serve", "--host", "0.0.0.0", "--port", str(port)]  # noqa: S104 - the container's own network
    return [*asked, "--clock-speed", str(settings().sandbox_clock_speed)], child_environment()


def healthy(name: str) -> int:
    """0 when process `name` of this machine or container is well; otherwise 1, and a sentence."""
    now = settings()
    own = {"mlflow": now.mlflow_port, "webhook": now.webhook_port, "sandbox": now.sandbox_port, "pages": now.bi_port}
    path = "sandbox/clock" if name == "sandbox" else "health"
    where = f"{airflow.address()}/api/v2/monitor/health" if name in PARTS else f"http://127.0.0.1:{own[name]}/{path}"
    try:
        with urlopen(where, timeout=ANSWER_SECONDS) as reply:  # noqa: S310 - an address of our own settings
            said = reply.read()
    except OSError as error:
        raise StepError(f"{name} does not answer at {where} ({error}): read its log, then start it again") from error
    state = json.loads(said)[PARTS[name]]["status"] if name in PARTS else "healthy"
    if state != "healthy":
        raise StepError(f"{name} is {state}: read its log, then start it again")
    print(f"{name} is well")
    return 0
