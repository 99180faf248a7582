"""PostgreSQL without Docker: the server of a PyPI wheel, its data under `<home>/postgres`, on loopback only.

`python -m sandbox.postgres start|stop|status|binaries`. Started by root, the server runs as `nobody`; where `nobody` cannot enter the
working copy, in a user namespace. initdb and pg_ctl are driven directly; no account, service or folder outside `home` is made.
"""

import argparse
import os
import secrets
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from config.runtime import remember
from config.settings import settings
from sandbox.postgres_programs import NOBODY, EmbeddedServerError, binaries, privileges, run

OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "''",
    "timezone": "UTC",
    "jit": "off",
    "client_connection_check_interval": "1s",  # a killed step's statement ends within a second, not at its end
    "synchronous_commit": "on",  # acknowledged cursors and receipts survive a crash
    "shared_buffers": "256MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "max_connections": "100",
    "max_parallel_workers_per_gather": "1",
    "log_min_messages": "warning",
}


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_running(folder: Path) -> bool:
    """Whether the server of `folder` is up."""
    return (folder / "data" / "PG_VERSION").exists() and run(
        folder, "pg_ctl", "status", "-D", str(folder / "data")
    ).returncode == 0


def _create(folder: Path) -> None:
    passwords = {name: secrets.token_urlsafe(24) for name in ("postgres", settings().pg_user)}
    passfile = folder / "pgpass"
    passfile.write_text("".join(f"127.0.0.1:*:*:{name}:{password}\n" for name, password in passwords.items()))
    passfile.chmod(0o600)
    handed = folder / "password"
    handed.write_text(passwords["postgres"])
    if privileges(folder)[1]:
        os.chown(handed, NOBODY, NOBODY)
    done = run(
        folder,
        "initdb",
        "-D",
        str(folder / "data"),
        "-U",
        "postgres",
        "--auth=scram-sha-256",
        f"--pwfile={handed}",
        "--encoding=UTF8",
        "--locale=C.UTF-8" if sys.platform == "linux" else "--locale=C",
    )
    handed.unlink()
    if done.returncode != 0:
        shutil.rmtree(folder / "data", ignore_errors=True)
        raise EmbeddedServerError(f"initdb failed: read {folder / 'commands.log'}, then rerun")


def _create_login(folder: Path, port: int) -> None:
    """The pipeline's login: makes databases and roles, is not superuser."""
    user = settings().pg_user
    password = next(
        line.rsplit(":", 1)[1] for line in (folder / "pgpass").read_text().splitlines() if f":{user}:" in line
    )
    sql = f"create role {user} login createdb createrole noinherit password '{password}'"
    env = {**os.environ, "PGPASSFILE": str(folder / "pgpass")}
    command = [str(binaries() / "psql"), "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-d", "postgres", "-qAt"]
    done = subprocess.run(command, input=sql, env=env, text=True, capture_output=True, check=False)
    if done.returncode != 0 and "already exists" not in done.stderr:
        raise EmbeddedServerError(f"could not create the login {user}: {done.stderr.strip().splitlines()[-1]}")


def _writable_by_server(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0 and privileges(folder)[1]:
        os.chown(folder, NOBODY, NOBODY)


def start() -> int:
    """Start the server if it is down, creating it the first time. Returns its port and remembers it for later processes."""
    now = settings()
    folder = now.home / "postgres"
    _writable_by_server(folder)
    if not (folder / "data" / "PG_VERSION").exists():
        _create(folder)
    port = now.pg_port
    if not is_running(folder):
        if port and _listens(port) and "LANDFALL_PG_PORT" in os.environ:
            raise EmbeddedServerError(
                f"port {port} is in use by another program: set LANDFALL_PG_PORT to a free port (0 chooses one), then rerun"
            )
        port = free_port() if not port or _listens(port) else port
        chosen = {**OPTIONS, "port": str(port)}
        options = " ".join(f"-c {name}={value}" for name, value in chosen.items())
        data, log = str(folder / "data"), str(folder / "server.log")
        done = run(folder, "pg_ctl", "start", "-w", "-t", "60", "-D", data, "-l", log, "-o", options)
        if done.returncode != 0:
            raise EmbeddedServerError(f"PostgreSQL did not start: read {folder / 'server.log'}, then rerun")
        _create_login(folder, port)
    remember(now.home, pg_port=str(port), pg_passfile=str(folder / "pgpass"))
    return port


def stop(mode: str = "fast") -> None:
    """Stop the server if it is up. `mode`: fast, smart or immediate."""
    folder = settings().home / "postgres"
    if (
        is_running(folder)
        and run(folder, "pg_ctl", "stop", "-w", "-m", mode, "-D", str(folder / "data")).returncode != 0
    ):
        raise EmbeddedServerError(f"PostgreSQL did not stop: read {folder / 'commands.log'}")


def main() -> int:
    """Entry point of `python -m sandbox.postgres`."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.postgres", description=__doc__)
    parser.add_argument("action", choices=["start", "stop", "status", "binaries"])
    action = parser.parse_args().action
    try:
        if action == "start":
            print(f"PostgreSQL listens on 127.0.0.1:{start()}")
        elif action == "stop":
            stop()
        elif action == "binaries":
            print(binaries())
        else:
            running = is_running(settings().home / "postgres")
            print("running" if running else "stopped")
            return 0 if running else 1
    except EmbeddedServerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
