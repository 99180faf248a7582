"""Serves the managers' page (`submission_page.py`) on loopback; a reverse proxy with TLS stands in front of it.

In: a port, and the day that is taken as today. Out: the running page.
"""

import socket
from datetime import date

import uvicorn
from starlette.applications import Starlette

from warehouse.steps import StepError
from warehouse.submission_page import Page


def application(day: date | None = None) -> Starlette:
    """The page as an ASGI application."""
    return Starlette(routes=Page(day).routes())


def serve(port: int, day: date | None) -> None:
    """Serve the page on loopback until the process is told to end. Raises StepError when the port is taken."""
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise StepError(
            f"port {port} is not free ({error.strerror}): set LANDFALL_SUBMISSION_PORT (or --port) to a free one"
        ) from error
    print(f"the managers' page listens on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(application(day), log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])
