"""Fixtures: the hand-written company in a home of its own, and its CRM served over real HTTP on a clock that moves only when told to."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from sandbox.clock import Clock
from sandbox.endpoints import World
from sandbox.quota import Rules
from sandbox.server import HOST, application, listening_socket
from sandbox.store import Store, database
from tests.sandbox.served import SIGN_IN, Crm, found_by_hand


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with the company of PATCHES."""
    return found_by_hand(tmp_path)


@pytest.fixture
def crm(home: Path) -> Iterator[Crm]:
    """The CRM of PATCHES, served by a thread (a process takes seconds to start); signed in; its clock stands."""
    store = Store(database(home))
    listener = listening_socket(0)
    app = application(World(store, Clock(store, speed=0), Rules()))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    with httpx.Client(base_url=f"http://{HOST}:{listener.getsockname()[1]}", timeout=10) as http:
        client = Crm(http, home)
        client.token = http.post("/oauth2.0/token", json=SIGN_IN).json()["accessToken"]
        yield client
    server.should_exit = True
    thread.join(10)
    store.close()
