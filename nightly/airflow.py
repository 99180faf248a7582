"""Airflow as a child process: its settings rendered from ours, its database beside ours, a DAG run followed line by line."""

import re
import secrets
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from shlex import quote

from config.private_files import beside, write_private
from config.settings import ROOT, child_environment, settings
from nightly.night_lock import HELD
from nightly.services import last_line
from warehouse.connection import sqlalchemy_url
from warehouse.memory import KILLED
from warehouse.migrate import ensure_database
from warehouse.steps import StepError

_TASK = re.compile(r"\[DAG TEST\] starting task_id=(\S+)")
_FAILED = re.compile(r"^\S+ \[error\s*\] Task failed with exception")
_OUTPUT = re.compile(r"^\S+ \[info\s*\] (.*?)\s*\[airflow\.task\.hooks\.\S*SubprocessHook\] loc=")
KEYS = {  # file of `LANDFALL_AIRFLOW_KEYS_DIR` → Airflow's option
    "airflow_fernet_keys": "CORE__FERNET_KEY",
    "airflow_jwt_secret": "API_AUTH__JWT_SECRET",
    "airflow_api_secret": "API__SECRET_KEY",
}
_KILLED = re.compile(r"Command exited with return code (-6|-7|-9|-11|134|135|137|139)$")  # abort, bus, kill, segment
_NOISE = ("Tmp dir root location", "Running command:", "Output:", "Command exited with return code")


def environment() -> dict[str, str]:
    """Airflow's environment: everything under our home, no examples, no telemetry, no DAG of anyone else; its keys stay in their files."""
    now = settings()
    chosen = {
        "CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",  # under `make up` the night runs without anybody switching it on
        "CORE__DEFAULT_TIMEZONE": now.time_zone,
        "CORE__PARALLELISM": "4",
        "CORE__EXECUTION_API_SERVER_URL": f"{address()}/execution/",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "DATABASE__SQL_ALCHEMY_CONN": sqlalchemy_url("", driver="psycopg2", database="airflow"),
        "API__HOST": now.airflow_host,
        "API__PORT": str(now.airflow_port),
        "API__BASE_URL": f"http://127.0.0.1:{now.airflow_port}",
        "API__EXPOSE_CONFIG": "False",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    chosen |= _events(now.openlineage_config)
    chosen |= {f"{option}_CMD": f"cat {quote(str(key_file(name)))}" for name, option in KEYS.items()}
    home = {"AIRFLOW_HOME": str(now.home / "airflow"), "NO_COLOR": "1", "COLUMNS": "100000"}
    return child_environment() | home | {f"AIRFLOW__{key}": value for key, value in chosen.items()}


def _events(config: Path | None) -> dict[str, str]:
    """OpenLineage's options: events of DAGs and tasks go where `config` says, without their commands; none where nothing says it."""
    if config is None:
        return {"OPENLINEAGE__DISABLED": "True"}
    where = {"CONFIG_PATH": str(config.resolve()), "NAMESPACE": f"landfall.{settings().tenant}"}
    return {f"OPENLINEAGE__{key}": value for key, value in {**where, "DISABLE_SOURCE_CODE": "True"}.items()}


def address() -> str:
    """Where Airflow's processes find its pages."""
    return settings().airflow_url.rstrip("/") or f"http://127.0.0.1:{settings().airflow_port}"


def key_file(name: str) -> Path:
    """The file of one of Airflow's keys; drawn when it is not there, but for a Fernet key that this home already uses."""
    folder = settings().airflow_keys_dir or settings().home / "airflow" / "keys"
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        drawn = _known_fernet_key() or fernet_key() if "fernet" in name else secrets.token_urlsafe(64)
        with beside(path, f"{drawn}\n") as fresh, suppress(FileExistsError):
            path.hardlink_to(fresh)  # another process may have drawn one in the meantime: that one holds
    return path


def fernet_key() -> str:
    """A new key for what Airflow encrypts in its database."""
    return urlsafe_b64encode(secrets.token_bytes(32)).decode()


def rotate_keys() -> int:
    """New keys: what Airflow keeps encrypted is read by the old one and written by the new one; tokens and sessions end.

    Returns the exit code. Raises StepError, with old and new keys in place, where it could not be written.
    """
    path = key_file("airflow_fernet_keys")
    held = path.read_text("utf-8").strip().split(",")
    # Several: a rotation that failed left its fresh key in front, and what is kept may need each of the others.
    if len(held) == 1:
        held = [fernet_key(), *held]
        write_private(path, f"{','.join(held)}\n")
    done = subprocess.run(
        ["airflow", "rotate-fernet-key"], env=environment(), text=True, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise StepError(f"Airflow could not write anew what it keeps ({last_line(done)}); old and new keys hold: rerun")
    write_private(path, f"{held[0]}\n")
    for name in KEYS.keys() - {"airflow_fernet_keys"}:
        write_private(key_file(name), f"{secrets.token_urlsafe(64)}\n")
    (settings().home / "airflow" / "simple_auth_manager_passwords.json.generated").unlink(missing_ok=True)
    print(
        "airflow: new keys, and a new password at the next start; start it again: `make down`, `make up` (containers: restart)"
    )
    return 0


def _known_fernet_key() -> str:
    """The key that Airflow drew by itself, before its keys were files of ours."""
    path = settings().home / "airflow" / "airflow.cfg"
    found = re.search(r"^fernet_key = (\S+)$", path.read_text("utf-8"), re.MULTILINE) if path.exists() else None
    return found.group(1) if found else ""


def prepare() -> None:
    """Make or upgrade Airflow's own database; a marker per version spares the nine seconds when nothing is to do."""
    from importlib.metadata import version

    marker = settings().home / "airflow" / f"migrated-{version('apache-airflow')}-{settings().pg_port}"
    if marker.exists():
        return
    ensure_database("airflow")
    marker.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["airflow", "db", "migrate"], env=environment(), text=True, capture_output=True, check=False)
    if done.returncode != 0:
        raise StepError(f"Airflow could not prepare its database: {last_line(done)}")
    marker.touch()


def run_dag(dag_id: str, conf: str, log: Path, on_line: Callable[[str, str], None]) -> tuple[int, list[str]]:
    """Run one DAG to its end. Every line that a task prints goes to `on_line(task, line)`, everything to `log`.

    `conf` is JSON; the caller holds the night's lock. Returns Airflow's exit code, 0 when every task succeeded, and the tasks whose last
    try failed, in the order in which they did.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    command = ["airflow", "dags", "test", dag_id, "--conf", conf]
    task, failed = "", list[str]()
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            command, env=environment() | {HELD: "1"}, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8",
        )  # fmt: skip
        for line in process.stdout or ():
            out.write(line)
            if started := _TASK.search(line):
                task = started.group(1)
                failed = [each for each in failed if each != task]
                on_line(task, "")
            elif _FAILED.match(line):
                failed.append(task)
            elif said := said_in(line):
                on_line(task, said)
        return process.wait(), failed


def said_in(line: str) -> str:
    """What a line of Airflow's log tells people of a task: what its command printed, or that a signal ended it; '' for all else."""
    found = _OUTPUT.match(line)
    said = found.group(1) if found else ""
    if _KILLED.search(said):
        return f"the step ended by a signal before it could say why; {KILLED}, then rerun"
    return "" if said.startswith(_NOISE) else said
