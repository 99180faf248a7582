"""The running sandbox: the CRM and the sandbox's own endpoints on one loopback port.

`server.json` in the sandbox's folder says where it listens while it runs.
"""

import logging
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import uvicorn
from starlette.applications import Starlette

from sandbox.baidu_api import Baidu
from sandbox.clock import Clock
from sandbox.control_api import Control
from sandbox.dingtalk_api import DingTalk
from sandbox.endpoints import Api, World
from sandbox.fxiaoke_api import Crm
from sandbox.hubspot_api import HubSpot
from sandbox.kingdee_api import Erp
from sandbox.life import CompanyError
from sandbox.quota import Rules
from sandbox.salesforce_api import Salesforce
from sandbox.store import Store, database
from sandbox.tencent_api import Tencent
from sandbox.wecom_api import WeCom

HOST = "127.0.0.1"


SYSTEMS: tuple[type[Api], ...] = (
    Crm,
    Erp,
    WeCom,
    DingTalk,
    HubSpot,
    Baidu,
    Tencent,
    Salesforce,
)  # every system of the company, one class each


def application(world: World) -> Starlette:
    """The endpoints of one company: all its systems and the sandbox's own."""
    systems = [route for system in SYSTEMS for route in system(world).routes()]
    return Starlette(routes=[*systems, *Control(world).routes()])


def listening_socket(port: int, host: str = HOST) -> socket.socket:
    """A listening socket; 0 lets the system choose the port. Raises CompanyError when the port is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CompanyError(
            f"port {port} on {host} is not free ({error.strerror}): set LANDFALL_SANDBOX_PORT (or --port) to a free port, or 0 for any"
        ) from error
    listener.listen(128)
    return listener


def serve(home: Path, port: int, *, speed: float, rules: Rules, host: str = HOST) -> None:
    """Serve the company of `home` until the process is told to end. `speed`: sandbox seconds per second."""
    store = Store(database(home))
    listener = listening_socket(port, host)
    chosen = int(listener.getsockname()[1])
    note = database(home).with_name("server.json")

    @asynccontextmanager
    async def announced(_app: Starlette) -> AsyncIterator[None]:
        fresh = note.with_suffix(".fresh")  # whoever waits for the note finds it whole
        fresh.write_bytes(orjson.dumps({"port": chosen, "pid": os.getpid()}))
        fresh.replace(note)
        print(f"listening on http://{host}:{chosen}", flush=True)
        yield
        note.unlink(missing_ok=True)
        store.close()

    app = application(World(store, Clock(store, speed), rules))
    app.router.lifespan_context = announced
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # planted broken answers are no errors of ours
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1, lifespan="on")
    uvicorn.Server(config).run(sockets=[listener])
