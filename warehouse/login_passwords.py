"""New passwords for the logins of the password file: the server's verifier and the file change together.

In: the password file that libpq reads. Out: the same file with new passwords, put in place while the change of the login's own is not yet
committed. PostgreSQL keeps one password a login: what is connected stays connected, what connects in that instant may be refused once.
"""

import secrets
from pathlib import Path

import psycopg
from psycopg import sql

from config.private_files import beside
from config.settings import settings
from warehouse.steps import StepError


def logins(passfile: Path) -> list[str]:
    """The logins whose passwords stand in the file, in its order."""
    return [line.split(":")[3] for line in _lines(passfile) if line.count(":") >= 4]


def change(passfile: Path, login: str) -> None:
    """Give `login` a new random password, on the server and in the file; the server gets a verifier, never the password."""
    password = secrets.token_urlsafe(24)
    text = "".join(f"{_replaced(line, login, password)}\n" for line in _lines(passfile))
    with beside(passfile, text) as fresh, _as(login, passfile) as connection:
        verifier = connection.pgconn.encrypt_password(password.encode(), login.encode(), b"scram-sha-256").decode()
        connection.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(login), sql.Literal(verifier)))
        fresh.replace(passfile)


def _as(login: str, passfile: Path) -> psycopg.Connection:
    """Signed in as the login itself, which may change its own password."""
    now = settings()
    return psycopg.connect(
        host=now.pg_host, port=now.pg_port or 5432, user=login, dbname="postgres", connect_timeout=10,
        passfile=str(passfile), application_name="landfall rotation",
    )  # fmt: skip


def _lines(passfile: Path) -> list[str]:
    try:
        return passfile.read_text("utf-8").splitlines()
    except OSError as error:
        raise StepError(
            f"{passfile} cannot be read ({error.strerror}): correct LANDFALL_PG_PASSFILE, then rerun"
        ) from error


def _replaced(line: str, login: str, password: str) -> str:
    parts = line.split(":", 4)
    return ":".join([*parts[:4], password]) if len(parts) == 5 and parts[3] == login else line
