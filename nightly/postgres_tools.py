"""PostgreSQL's own programs run against our server: pg_dump, pg_dumpall, pg_restore, psql.

In: a program and its arguments. Out: what it said. The embedded server is asked by the wheel's programs; others by the machine's, or by
the wheel's where the machine's are older than the server (they refuse a newer one, and its dumps).
"""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from config.settings import child_environment, settings
from nightly.services import last_line, run_module
from warehouse.steps import StepError
from warehouse.stores import server_version, sessions

_SHUT = """
select format('alter database %I allow_connections false', datname) from pg_database where datname = any(:'names') \\gexec
select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = any(:'names') and backend_type = 'client backend';
"""  # each session has ten seconds to end
_OPEN = """
select format('alter database %I allow_connections true', datname) from pg_database where datname = any(:'names') \\gexec
"""
_MAJOR = re.compile(r"\(PostgreSQL\) (\d+)")


def run_tool(program: str, *arguments: str, user: str = "", stdin: str | None = None) -> str:
    """Run one of the programs against our server; returns what it said on stderr. Raises StepError with its last line."""
    now = settings()
    command = [
        _path_of(program), "-h", now.pg_host, "-p", str(now.pg_port or 5432), "-U", user or now.pg_backup_user, *arguments,
    ]  # fmt: skip
    done = subprocess.run(command, env=child_environment(), text=True, capture_output=True, check=False, input=stdin)
    if done.returncode != 0:
        raise StepError(
            f"{program} failed ({last_line(done)}): see that LANDFALL_PG_BACKUP_USER may do this, then rerun"
        )
    return done.stderr


@contextmanager
def shut(names: Sequence[str]) -> Iterator[None]:
    """Nobody is connected to the databases `names` while the block lasts. Raises StepError that names the sessions which do not end."""
    listed = f"--set=names={{{','.join(names)}}}"
    psql = ("psql", "--no-password", "--dbname=postgres", "--quiet", "--set=ON_ERROR_STOP=1", listed)
    try:
        run_tool(*psql, stdin=_SHUT)
        if left := sessions(names):
            raise StepError(f"{', '.join(left)}: end these sessions, then rerun")
        yield
    finally:
        run_tool(*psql, stdin=_OPEN)


def _path_of(program: str) -> str:
    if settings().pg_embedded:
        return _of_the_wheel(program)
    needed, found = int(server_version().partition(".")[0]), shutil.which(program)
    if found and _major(found) >= needed:
        return found
    if _major(bundled := _of_the_wheel(program)) >= needed:
        return bundled
    raise StepError(
        f"{program} of PostgreSQL {needed} or newer is not installed: install the client programs of the server's version, then rerun"
    )


def _of_the_wheel(program: str) -> str:
    return str(Path(run_module("sandbox.postgres", "binaries", quiet=True).strip()) / program)


def _major(path: str) -> int:
    said = _MAJOR.search(subprocess.run([path, "--version"], text=True, capture_output=True, check=True).stdout)
    return int(said[1]) if said else 0
