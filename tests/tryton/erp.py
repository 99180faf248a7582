"""A Tryton server as the tests need it: installed in an environment of its own, on a database of its own, a separate process.

In: `requirements.lock` beside this file. Out: a running server, its client, its database file. What takes long is kept between runs in the
git-ignored folder `.tryton/`: the environment, and an empty database with the modules activated.
"""

import json
import shutil
import socket
import sqlite3
import subprocess
import sys
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from config.settings import ROOT

CACHE = ROOT / ".tryton"
LOCK = Path(__file__).with_name("requirements.lock")
MODULES = ["sale", "sale_opportunity", "account_invoice", "account_payment", "stock"]
PASSWORD = "sandbox-erp-password"
UNREACHED = (
    "failed to fetch",
    "error sending request",
    "dns error",
    "connection refused",
    "timed out",
    "not found in the",
)
START_SECONDS = 120


def python() -> Path:
    """The Python of Tryton's environment, installed first where it is not. Skips the test where no package registry can be reached."""
    own, stamp = CACHE / "venv" / "bin" / "python", CACHE / "installed"
    digest = sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if own.exists() and stamp.exists() and stamp.read_text() == digest:
        return own
    uv = str(ROOT / ".bootstrap" / "bin" / "uv") if (ROOT / ".bootstrap").exists() else shutil.which("uv")
    if uv is None:
        pytest.skip("Tryton is not installed and there is no uv to install it: run `make env`")
    CACHE.mkdir(exist_ok=True)
    commands = [
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(CACHE / "venv")],
        [uv, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode", "--python", str(own), str(LOCK)],
    ]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode and any(sign in done.stderr.lower() for sign in UNREACHED):
            pytest.skip(f"Tryton cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
        assert done.returncode == 0, done.stderr
    stamp.write_text(digest)
    return own


def empty_database(home: Path, settings_file: Path) -> None:
    """Put a database with the modules activated to `home`/erp.sqlite."""
    kept = CACHE / f"empty-{sha256(LOCK.read_bytes()).hexdigest()[:16]}.sqlite"
    if kept.exists():
        shutil.copy(kept, home / "erp.sqlite")
        return
    (home / "erp.sqlite").touch()
    (home / "password").write_text(PASSWORD)
    command = [
        str(python().with_name("trytond-admin")), "-c", str(settings_file), "-d", "erp", "--activate-dependencies",
        "-u", *MODULES, "--email", "admin@example.com",
    ]  # fmt: skip
    env = {"PATH": "/usr/bin:/bin", "TRYTONPASSFILE": str(home / "password")}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    shutil.copy(home / "erp.sqlite", kept.with_suffix(".new"))
    kept.with_suffix(".new").replace(kept)


class Erp:
    """A running server with an empty company database. `log`: its lines so far."""

    def __init__(self, home: Path) -> None:
        self.home, self.log = home, list[str]()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        settings_file = home / "trytond.conf"
        listen = self.url.removeprefix("http://")
        settings_file.write_text(f"[database]\nuri = sqlite://\npath = {home}\n[web]\nlisten = {listen}\n")
        self._python = python()
        empty_database(home, settings_file)
        command = [str(self._python.with_name("trytond")), "-c", str(settings_file), "-d", "erp"]
        self.process = subprocess.Popen(command, env={"PATH": "/usr/bin:/bin"}, stderr=subprocess.PIPE, text=True)
        self._is_up = Event()
        Thread(target=self._listen, daemon=True).start()
        assert self._is_up.wait(START_SECONDS), self.log

    def _listen(self) -> None:
        for line in self.process.stderr or ():
            self.log.append(line)
            if "Running on" in line:
                self._is_up.set()

    def client(self, step: str, day: date, asked: object = None) -> Any:
        """What `erp_client.py` prints for the step."""
        command = [
            str(self._python), str(Path(__file__).with_name("erp_client.py")), f"{self.url}/erp/rpc/", step, day.isoformat(), PASSWORD,
        ]  # fmt: skip
        done = subprocess.run(
            command, input=json.dumps(asked), capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement on the server's database, as time or its keeper would."""
        connection = sqlite3.connect(self.home / "erp.sqlite", timeout=30)
        try:
            with connection:
                return connection.execute(statement, values).fetchall()
        finally:
            connection.close()

    def age(self, models: list[str], instant: datetime) -> None:
        """Let all records of the models be of that instant; what was never written stays unwritten."""
        at = f"{instant:%Y-%m-%d %H:%M:%S.%f}"
        for table in sorted({model.replace(".", "_") for model in models}):
            self.sql(f"update {table} set write_date = case when write_date is null then null else ? end", at)
            self.sql(f"update {table} set create_date = ?", at)

    def stop(self) -> None:
        """End the server."""
        self.process.terminate()
        self.process.wait(timeout=20)
