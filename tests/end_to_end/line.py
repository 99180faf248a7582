"""A whole line for tests: a small sandbox company with its own home and database, and the DAG's own steps run in the DAG's order.

A step may be told to kill itself at a failpoint; connections that leave this machine are written to `<home>/outside.txt`.
"""

import ast
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.end_to_end import warm

ROOT = Path(__file__).resolve().parents[2]
LONGEST_S = 1800  # a whole night of the full company on a machine that others use too
DAG = ROOT / "dags" / "nightly_forecast.py"


def steps_of_the_dag() -> list[tuple[str, str]]:
    """(task, command without `--as-of`) in the order of the DAG file, read from its source."""
    for node in ast.parse(DAG.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "STEPS":
            return [(task, command) for task, command, *_ in ast.literal_eval(node.value)]
    raise AssertionError(f"{DAG} names no STEPS")


@dataclass
class Result:
    """What one step did."""

    returncode: int
    output: str


@dataclass
class Line:
    """One company, one home, one database."""

    home: Path
    tenant: str
    postgres_home: Path
    scale: float = 0.03
    seed: int = 7
    day: date = date(2026, 6, 30)
    history: str = "full"
    environment: dict[str, str] = field(default_factory=dict)
    root: Path = ROOT
    warm: Path | None = None

    def env(self, **overrides: str) -> dict[str, str]:
        """The environment of a step: this line's settings over nothing of the caller's own."""
        shared = dict(pair.split("=", 1) for pair in (self.postgres_home / "runtime.env").read_text().splitlines())
        own = {
            "HOME": str(self.home), "TENANT": self.tenant, "HISTORY": self.history, "SANDBOX": "true", "PG_EMBEDDED": "false",
            "SANDBOX_DAY": self.day.isoformat(), "SANDBOX_SCALE": str(self.scale), "SANDBOX_SEED": str(self.seed),
            "SANDBOX_CLOCK_SPEED": "2000", "SOURCES": "" if "MAPPING" in self.environment else "fxiaoke",
        } | self.environment | overrides  # fmt: skip
        kept = {key: value for key, value in os.environ.items() if not key.startswith("LANDFALL_")}
        mine = {f"LANDFALL_{key}": value for key, value in own.items()}
        watch = str(Path(__file__).parent / "watch")
        return kept | shared | mine | {
            "PYTHONPATH": os.pathsep.join([watch, str(self.root)]), "LANDFALL_TEST_OUTSIDE": str(self.home / "outside.txt"),
            "PGPASSFILE": shared["LANDFALL_PG_PASSFILE"], "OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive",
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        }  # fmt: skip

    def command(self, *arguments: str, **overrides: str) -> Result:
        """Run `python -m arguments…` to its end; output is stdout and stderr together.

        It starts warm where the line has a warm server, cold where settings are overridden: a step that is to be killed is the real one.
        """
        printed = self.home / "step.out"
        if self.warm and not overrides:
            code = warm.ask(self.warm, list(arguments), self.env(), self.root, printed)
        else:
            with printed.open("wb") as out:
                command = [sys.executable, "-m", *arguments]
                code = subprocess.run(
                    command,
                    env=self.env(**overrides),
                    stdout=out,
                    stderr=out,
                    timeout=LONGEST_S,
                    check=False,
                    cwd=self.root,
                ).returncode
        done = Result(code, printed.read_text("utf-8"))
        with (self.home / "steps.log").open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(arguments)} → {done.returncode}\n{done.output}\n")
        return done

    def ask(self, *arguments: str, **overrides: str) -> str:
        """Run a command that must succeed; returns its output."""
        done = self.command(*arguments, **overrides)
        assert done.returncode == 0, (
            f"python -m {' '.join(arguments)} ended with {done.returncode}:\n{done.output[-3000:]}"
        )
        return done.output

    def start(self, *, is_sandbox: bool = True) -> None:
        """Create the database and, unless told otherwise, the company, and serve its CRM."""
        self.home.mkdir(parents=True, exist_ok=True)
        if not is_sandbox:
            self.environment["SANDBOX"] = "false"
        done = self._python("from nightly.services import start_for_night; start_for_night()")
        assert done.returncode == 0, done.stdout + done.stderr

    def copy_database(self, other: "Line") -> None:
        """Make this line's database a copy of the other's, to which nobody may be connected, with the same grants on it."""
        mine, theirs = f"landfall_{self.tenant}", f"landfall_{other.tenant}"
        grants = (
            "select format('grant %%s on database %%I to %%s', privilege_type, %s::text, coalesce(rolname, 'public'))"
            " from pg_database, aclexplode(datacl) left join pg_roles on pg_roles.oid = grantee where datname = %s"
        )
        self.rows(f"create database {mine} template {theirs}", database="postgres")
        self.rows(f"revoke all on database {mine} from public", database="postgres")
        for (grant,) in self.rows(grants, mine, theirs, database="postgres"):
            self.rows(grant, database="postgres")

    def _python(self, code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code], env=self.env(), text=True, capture_output=True, check=False, cwd=ROOT
        )

    def stop(self) -> None:
        """Stop the CRM."""
        self._python("from nightly.background import stop; stop('sandbox')")

    def crm_address(self) -> str:
        """Where the company's CRM is served."""
        kept = dict(pair.split("=", 1) for pair in (self.home / "runtime.env").read_text("utf-8").splitlines())
        return kept["LANDFALL_FXIAOKE_BASE_URL"]

    def step(self, task: str, as_of: date, **overrides: str) -> Result:
        """Run one step of the DAG; it may fail."""
        command = dict(steps_of_the_dag())[task]
        return self.command(*command.split(), "--as-of", as_of.isoformat(), **overrides)

    def night(self, as_of: date, *, since: str = "", until: str = "", accept_empty: tuple[str, ...] = ()) -> None:
        """Run the steps of a night in the DAG's order, from `since` up to and including `until`; every step must succeed.

        `accept_empty`: streams whose emptiness a person vouches for at the landing gate.
        """
        steps = steps_of_the_dag()
        for task, command in steps[[task for task, _ in steps].index(since) if since else 0 :]:
            is_vouched = task == "gate_landing"
            vouched = [f"--accept-empty={stream}" for stream in accept_empty if is_vouched]
            self.ask(*command.split(), "--as-of", as_of.isoformat(), *vouched)
            if task == until:
                return

    def advance(self, days: int = 1) -> date:
        """Let the company live on; returns its new day."""
        self.ask("sandbox", "advance", "--days", str(days))
        self.day += timedelta(days=days)
        return self.day

    def connection(self, *, role: str = "", database: str = "", name: str = "") -> psycopg.Connection[tuple[Any, ...]]:
        """A connection to this line's database, or another, whatever line the settings of the asking process point at."""
        env = self.env()
        return psycopg.connect(
            host=env.get("LANDFALL_PG_HOST", "127.0.0.1"), port=env["LANDFALL_PG_PORT"], dbname=database or f"landfall_{self.tenant}",
            user=env.get("LANDFALL_PG_USER", "landfall"), passfile=env["PGPASSFILE"], application_name=name,
            options=f"-c role={role}" if role else "", autocommit=True,
        )  # fmt: skip

    def rows(self, query: str, *values: object, role: str = "checker", database: str = "") -> list[tuple[Any, ...]]:
        """Rows of a query in this line's database, asked as `role`, or in another's."""
        with self.connection(role="" if database else role, database=database) as connection:
            answer = connection.execute(query.encode(), values or None)
            return answer.fetchall() if answer.description else []

    def company(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a query in the company's own file (journal, requests, current, future)."""
        path = self.home / "sandbox" / "company.sqlite"
        with closing(sqlite3.connect(path, isolation_level=None, timeout=60)) as connection:
            return connection.execute(query, values).fetchall()

    def faults(self, rules: list[dict[str, Any]]) -> None:
        """Let requests to the company's systems go wrong by these rules from now on; none ends it."""
        answer = httpx.post(f"{self.crm_address()}/sandbox/faults", json=rules, timeout=60)
        assert answer.status_code == 200, answer.text

    def patch(self, patches: list[dict[str, Any]]) -> None:
        """Let changes happen in the company: {object, id, op, fields, at_ms}, all or none."""
        answer = httpx.post(f"{self.crm_address()}/sandbox/patch", json=patches, timeout=60)
        assert answer.status_code == 200, answer.text
