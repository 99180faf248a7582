"""Processes in the background: each of its own session, with a log under `<home>/logs` and its id under `<home>/run`.

In: a name and a command. What runs is told from a later process of the same id by when it began.
"""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

from config.settings import settings
from warehouse.steps import StepError

STOP_SECONDS = 60


def spawn(name: str, command: list[str], env: dict[str, str]) -> int:
    """Start a background process of its own session, its output in `<home>/logs/<name>.log`; remembers and returns its id."""
    logs = settings().home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / f"{name}.log").open("ab") as out:
        process = subprocess.Popen(
            command, env=env, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
        )
    _pidfile(name).with_suffix(".born").write_text(_born(process.pid) or "ended")
    _pidfile(name).write_text(f"{process.pid}\n")
    return process.pid


def _pidfile(name: str) -> Path:
    folder = settings().home / "run"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.pid"


def running_pid(name: str) -> int | None:
    """Id of the background process `name`, None when it is not running (a reused id of another program does not count)."""
    path = _pidfile(name)
    if not path.exists():
        return None
    pid, noted = int(path.read_text()), path.with_suffix(".born")
    if noted.exists():
        return pid if noted.read_text() == _born(pid) else None
    listing = _listing(pid, "command=")  # it was started before this was noted
    return pid if "python" in listing or "airflow" in listing or "mlflow" in listing else None


def _born(pid: int) -> str:
    """What tells a process from a later one of the same id: when it began, on Linux by a clock that nobody sets; '' for one that ended."""
    if not Path("/proc/self/stat").exists():
        return _listing(pid, "lstart=")
    with suppress(OSError):
        state, *_, began = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(") ")[2].split()[:20]
        return "" if state == "Z" else began
    return ""


def _listing(pid: int, column: str) -> str:
    return subprocess.run(["ps", "-o", column, "-p", str(pid)], text=True, capture_output=True, check=False).stdout


def running() -> list[str]:
    """Names of the background processes that run."""
    return [path.stem for path in sorted((settings().home / "run").glob("*.pid")) if running_pid(path.stem) is not None]


def await_answer(name: str, address: str, seconds: int) -> None:
    """Wait until the background process `name` answers at `address`; raises StepError when it ends or takes longer."""
    for _ in range(seconds * 2):
        try:
            with urlopen(address, timeout=5):  # noqa: S310 - our own address on loopback
                return
        except OSError:
            if running_pid(name) is None:
                break
        time.sleep(0.5)
    raise StepError(f"{name} did not come up: read {settings().home / 'logs' / f'{name}.log'}")


def stop(name: str) -> bool:
    """End the background process `name` and its children; False when it was not running."""
    pid = running_pid(name)
    if pid is None:
        return False
    os.killpg(pid, signal.SIGTERM)
    for _ in range(STOP_SECONDS * 10):
        if running_pid(name) is None:
            break
        time.sleep(0.1)
    else:
        os.killpg(pid, signal.SIGKILL)
    for path in (_pidfile(name), _pidfile(name).with_suffix(".born")):
        path.unlink(missing_ok=True)
    return True
