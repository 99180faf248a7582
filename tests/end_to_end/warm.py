"""A warm start for tests: `python -m MODULE …` in a child forked from a process that has the big libraries loaded, none of our own code.

In, over a Unix socket, one request a connection: JSON {arguments, environment, folder, output file}. Out: the exit code, negative for a
signal. The output file takes stdout and stderr. The server ends with the test session that started it.
What a step starts itself (dbt) starts cold.
"""

import atexit
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import traceback
from pathlib import Path

LIBRARIES = ("pandas", "psycopg", "sqlalchemy", "pydantic_settings", "yaml", "httpx", "great_expectations", "sklearn.linear_model",
             "xgboost", "mlflow")  # fmt: skip


def serve(address: Path) -> None:
    """Load the libraries, then answer until killed."""
    for name in LIBRARIES:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(address))
        door.listen()
        print("ready", flush=True)
        while True:
            caller, _ = door.accept()
            if os.fork() == 0:
                door.close()
                _answer(caller)
            caller.close()


def _answer(caller: socket.socket) -> None:
    """Run the request in a child of its own, so that it may be killed, and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    asked = json.loads(caller.makefile("r", encoding="utf-8").readline())
    child = os.fork()
    if child == 0:
        caller.close()
        _become(**asked)
    _, status = os.waitpid(child, 0)
    caller.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(arguments: list[str], environment: dict[str, str], folder: str, output: str) -> None:
    """Take the request's place in the world and run its module as `python -m` does; ends the process."""
    out = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:] = [folder, *(place for place in sys.path[1:] if place != folder)]
    sys.argv = ["-m", *arguments[1:]]
    code = 0
    try:
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = (
            end.code if isinstance(end.code, int) else 0 if end.code is None else print(end.code, file=sys.stderr) or 1
        )
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # taking the libraries apart again would cost two seconds


def start(folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    """Start a server whose socket is `folder`/warm.sock; returns when it is ready."""
    command = [sys.executable, __file__, str(folder / "warm.sock")]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n", "the warm server did not start"
    return server


def ask(address: Path, arguments: list[str], environment: dict[str, str], folder: Path, output: Path) -> int:
    """Run `python -m arguments…` at the server; returns its exit code."""
    asked = {"arguments": arguments, "environment": environment, "folder": str(folder), "output": str(output)}
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(600)
        line.connect(str(address))
        line.sendall(f"{json.dumps(asked)}\n".encode())
        answered = line.makefile("r", encoding="utf-8").readline()
    return int(answered)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
