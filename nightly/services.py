"""Brings up what a night needs and is ours to start: embedded PostgreSQL, the tenant's database, the sandbox company.

Every start is a child process with its own log under `<home>/logs`; what is already up is left alone.
"""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

from config.runtime import remember, runtime_values
from config.settings import child_environment, settings
from warehouse.migrate import migrate
from warehouse.steps import StepError

START_SECONDS = 60
SANDBOX_PATHS = {  # setting of a system's address → where the sandbox company serves that system
    "fxiaoke_base_url": "",
    "kingdee_base_url": "",
    "wecom_base_url": "/wecom",
    "dingtalk_base_url": "/dingtalk",
    "dingtalk_legacy_base_url": "/dingtalk",
    "hubspot_base_url": "/hubspot",
    "baidu_base_url": "/baidu",
    "baidu_oauth_base_url": "/baidu",
    "tencent_base_url": "/tencent",
    "salesforce_base_url": "",
}


def run_module(module: str, *arguments: str, quiet: bool = False) -> str:
    """Run `python -m module` to its end; returns its standard output, raises StepError with its last error line."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=child_environment(), text=True, capture_output=True, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise StepError(
            lines[-1] if lines else f"python -m {module} {' '.join(arguments)} ended with exit code {done.returncode}"
        )
    if not quiet and done.stdout.strip():
        print(done.stdout.rstrip())
    settings.cache_clear()
    return done.stdout


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """What a program said last, as errors or else at all; its exit code where it said nothing."""
    said = (done.stderr.strip() or (done.stdout or "").strip()).splitlines()
    return said[-1] if said else f"exit code {done.returncode}"


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
    for _ in range(START_SECONDS * 10):
        if running_pid(name) is None:
            break
        time.sleep(0.1)
    else:
        os.killpg(pid, signal.SIGKILL)
    for path in (_pidfile(name), _pidfile(name).with_suffix(".born")):
        path.unlink(missing_ok=True)
    return True


def create_company() -> None:
    """Create the sandbox company the first time, and write its go-live export."""
    now, folder = settings(), settings().home / "sandbox"
    if not (folder / "company.sqlite").exists():
        print(
            f"creating the sandbox company: three years up to {now.sandbox_day}, scale {now.sandbox_scale:g}",
            flush=True,
        )
        size = ["--day", now.sandbox_day, "--scale", str(now.sandbox_scale), "--seed", str(now.sandbox_seed)]
        run_module("sandbox", "create", *size)
    if now.history != "none" and not (_export() / "manifest.json").exists():
        run_module("sandbox", "export", "--mode", now.history, "--out", str(_export()))


def _export() -> Path:
    return settings().home / "sandbox" / f"export_{settings().history}"


def remember_company(address: str) -> None:
    """Point every system that the company serves at `address`, for later processes too."""
    addresses = {setting: f"{address}{path}" for setting, path in SANDBOX_PATHS.items()}
    export = str(_export()) if settings().history != "none" else ""
    remember(settings().home, **addresses, history_dir=export)
    _drop_lists(settings().home / "sandbox" / "lead_lists")


def start_sandbox() -> None:
    """Create the sandbox company the first time, serve its CRM on loopback."""
    create_company()
    now, folder = settings(), settings().home / "sandbox"
    if running_pid("sandbox") is None:
        (folder / "server.json").unlink(missing_ok=True)
        command = [sys.executable, "-m", "sandbox", "serve", "--port", str(now.sandbox_port)]
        command += ["--clock-speed", str(now.sandbox_clock_speed)]
        spawn("sandbox", command, child_environment())
        remember_company(_await_sandbox(folder))
    else:
        _drop_lists(folder / "lead_lists")


def _drop_lists(folder: Path) -> None:
    """Let the company's people drop their lists of leads, as far as its day goes, unless no night reads them."""
    sources = settings().sources
    if not sources or "lead_files" in sources.split(","):
        run_module("sandbox", "lists", "--out", str(folder), quiet=True)
        remember(settings().home, lead_files_dir=str(folder))


def _await_sandbox(folder: Path) -> str:
    for _ in range(START_SECONDS * 10):
        if (folder / "server.json").exists():
            return f"http://127.0.0.1:{json.loads((folder / 'server.json').read_text())['port']}"
        if running_pid("sandbox") is None:
            log = (settings().home / "logs" / "sandbox.log").read_text("utf-8", "replace").strip().splitlines()
            raise StepError(log[-1] if log else "the sandbox company did not start: read logs/sandbox.log")
        time.sleep(0.1)
    raise StepError(
        f"the sandbox company did not answer within {START_SECONDS} s: read {settings().home / 'logs' / 'sandbox.log'}"
    )


def start_for_night() -> None:
    """Everything a night needs: database server, migrated database, sources that are ours to start."""
    if settings().pg_embedded:
        run_module("sandbox.postgres", "start", quiet=True)
    applied = migrate()
    if applied:
        print(f"database {settings().pg_database}: applied {', '.join(applied)}")
    if settings().sandbox:
        start_sandbox()


def address_of_database() -> str:
    """Host and port, as people read them."""
    values = runtime_values(settings().home)
    return f"{settings().pg_host}:{values.get('pg_port', settings().pg_port)}"
