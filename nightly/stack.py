"""Starts and stops the background processes of a working copy, and deletes its state when asked."""

import shutil
import socket
import time

from config.settings import ROOT, settings
from nightly import background, serve, services
from warehouse.steps import StepError

WEBHOOK = "webhook"
BACKGROUND = ("airflow", "airflow-scheduler", "airflow-dag-processor", "mlflow")
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - addresses that are compared with, not bound to
READY_SECONDS = 180


def _check_free(name: str, port: int, setting: str) -> None:
    with socket.socket() as probe:
        if background.running_pid(name) is None and probe.connect_ex(("127.0.0.1", port)) == 0:
            raise StepError(
                f"port {port} for {name} is in use by another program: set {setting} to a free port, then rerun `make up`"
            )


def _await_port(name: str, port: int, host: str = "127.0.0.1") -> None:
    for _ in range(READY_SECONDS * 5):
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) == 0:
                return
        if background.running_pid(name) is None:
            break
        time.sleep(0.2)
    raise StepError(f"{name} did not come up: read {settings().home / 'logs' / f'{name}.log'}")


def up() -> int:
    """Start PostgreSQL, the sandbox, Airflow (with its scheduler), MLflow and the lead webhook; print addresses and login."""
    now = settings()
    _check_free("airflow", now.airflow_port, "LANDFALL_AIRFLOW_PORT")
    _check_free("mlflow", now.mlflow_port, "LANDFALL_MLFLOW_PORT")
    if WEBHOOK in now.systems:
        _check_free(WEBHOOK, now.webhook_port, "LANDFALL_WEBHOOK_PORT")
    services.start_for_night()
    serve.prepare_platform()
    for name in (*BACKGROUND, *([WEBHOOK] if WEBHOOK in now.systems else [])):
        if background.running_pid(name) is None:
            background.spawn(name, *serve.command(name))
    _await_port("airflow", now.airflow_port)
    _await_port("mlflow", now.mlflow_port)
    if WEBHOOK in now.systems:
        _await_port(WEBHOOK, now.webhook_port, "127.0.0.1" if now.webhook_host in EVERYWHERE else now.webhook_host)
    _print_addresses()
    return 0


def _print_addresses() -> None:
    now = settings()
    password = now.home / "airflow" / "simple_auth_manager_passwords.json.generated"
    print(f"Airflow     http://127.0.0.1:{now.airflow_port}   user admin, password in {password}")
    print(f"MLflow      http://127.0.0.1:{now.mlflow_port}")
    print(f"PostgreSQL  {services.address_of_database()}   database {now.pg_database}, passwords in {now.pg_passfile}")
    if WEBHOOK in now.systems:
        print(f"webhook     http://{now.webhook_host}:{now.webhook_port}/ingest/leads/<sender>")
    if now.sandbox:
        print(f"sandbox CRM {now.fxiaoke_base_url}")
    print("stop them with `make down`")


def down() -> int:
    """Stop everything that our commands started."""
    for name in (*BACKGROUND, WEBHOOK, "superset", "sandbox"):
        print(f"{name}: {'stopped' if background.stop(name) else 'was not running'}")
    if settings().pg_embedded:
        services.run_module("sandbox.postgres", "stop", quiet=True)
        print("postgres: stopped")
    return 0


def advance(days: int) -> int:
    """Let the sandbox company live `days` days on; the server picks them up at once."""
    if not settings().sandbox:
        raise StepError(
            "this installation has no sandbox company (LANDFALL_SANDBOX=false): its days pass by themselves"
        )
    services.start_for_night()
    services.run_module("sandbox", "advance", "--days", str(days))
    return 0


def reset(*, sure: bool) -> int:
    """Delete all state of this working copy after asking; code and configuration stay."""
    home = settings().home
    if not sure and input(f"delete all data, models and logs under {home}? type yes: ").strip() != "yes":
        print("nothing was deleted")
        return 1
    down()
    if home.resolve() in (ROOT, ROOT.parent, home.resolve().parent.parent) or not (home / "runtime.env").exists():
        raise StepError(f"{home} does not look like our state folder (no runtime.env): delete it by hand")
    shutil.rmtree(home)
    print(f"deleted {home}")
    return 0
