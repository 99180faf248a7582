"""The managers' page as a running process, and what a manager's browser does with it, over HTTP."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
import psycopg

from config.settings import ROOT, child_environment, settings
from tests.warehouse.calls import DAY


@contextmanager
def page(**changed: str) -> Iterator[str]:
    """The address of a page that is served on the day after the published one; `changed`: settings of its environment."""
    now = settings()
    env = child_environment(pg_host=now.pg_host, pg_port=str(now.pg_port), tenant=now.tenant, lang="en")
    env |= {"LANDFALL_PG_PASSFILE": str(now.pg_passfile)} | changed
    today = (DAY + timedelta(days=1)).isoformat()
    command = [sys.executable, "-m", "warehouse.submissions", "serve", "--port", "0", "--day", today]
    with subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = process.stdout.readline()
        assert "listens on http://127.0.0.1:" in said, said
        try:
            yield said.split()[-1]
        finally:
            process.terminate()


def browser(address: str) -> httpx.Client:
    """A client that keeps the session's cookie and follows redirects."""
    return httpx.Client(base_url=address, trust_env=False, follow_redirects=True, timeout=30)


def sign_in(client: httpx.Client, login: str, password: str) -> httpx.Response:
    """What the sign-in form sends."""
    return client.post("/sign-in", data={"login": login, "password": password})


def hidden(shown: httpx.Response) -> dict[str, str]:
    """The hidden fields of the form that numbers are typed into."""
    form = shown.text.partition('action="submit"')[2]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))


def superuser() -> psycopg.Connection:
    """The embedded server's superuser, who may end other people's connections."""
    now = settings()
    assert now.pg_passfile
    return psycopg.connect(
        host=now.pg_host, port=now.pg_port, user="postgres", dbname=now.pg_database, passfile=str(now.pg_passfile), autocommit=True
    )  # fmt: skip


def password_of(login: str) -> str:
    """A login's password in the embedded server's password file."""
    now = settings()
    assert now.pg_passfile
    rows = [line.split(":") for line in now.pg_passfile.read_text("utf-8").splitlines()]
    return next(row[4] for row in rows if row[3] == login)
