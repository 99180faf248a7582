"""The sandbox company as these tests use it: founded small, served as a process of its own, steered over HTTP."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from config.settings import ROOT, child_environment

DAY = "2026-06-30"


class Company:
    """A served sandbox. `home` holds its files; `dialect` is how its administrator set the CRM up."""

    def __init__(self, home: Path, dialect: str = "standard", scale: str = "0.02") -> None:
        self.home = home
        size = ["--scale", scale, "--seed", "1", "--days-ahead", "20"]
        self.run("create", "--day", DAY, *size, "--dialect", dialect)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--home", str(home), "serve", "--port", "0"],
            env=child_environment(),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        said = self.process.stdout.readline() if self.process.stdout else ""
        assert said.startswith("listening on http://127.0.0.1:"), said
        self.url = said.split()[-1]

    def run(self, *arguments: str) -> None:
        """One of the sandbox's commands on this home."""
        subprocess.run(
            [sys.executable, "-m", "sandbox", "--home", str(self.home), *arguments],
            env=child_environment(),
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def export(self, mode: str) -> Path:
        """The go-live export of that mode."""
        folder = self.home / f"export_{mode}"
        self.run("export", "--mode", mode, "--out", str(folder))
        return folder

    def ask(self, path: str, body: object = None) -> Any:
        """GET, or POST of `body`, to one of the sandbox's own endpoints."""
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.url}/sandbox/{path}", data=data), timeout=60) as reply:  # noqa: S310 - always http on loopback
            return json.load(reply)

    def requests_since(self, seq: int, name: str | None = None, path: str = "/data/query") -> list[dict[str, Any]]:
        """Requests after `seq`, of one object and endpoint."""
        found = self.ask(f"requests?since_seq={seq}")["entries"]
        return [row for row in found if row["path"].endswith(path) and name in (None, row["object"])]

    def last_request(self) -> int:
        """The number of the newest request."""
        return int(self.ask("requests?since_seq=0")["last_seq"])

    def stop(self) -> None:
        """End the server."""
        self.process.terminate()
        self.process.wait(timeout=20)


def run_step(*arguments: str, **overrides: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m connectors …` as people do; `overrides` are settings."""
    return subprocess.run(
        [sys.executable, "-m", "connectors", *arguments],
        env={**os.environ, **child_environment(**overrides)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
