"""Brings up what a night needs and is ours to start: embedded PostgreSQL, the tenant's database, the sandbox company.

What is already up is left alone.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

from config.runtime import remember, runtime_values
from config.settings import child_environment, settings
from nightly.background import running_pid, spawn
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
