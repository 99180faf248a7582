"""A hand-written company whose two teams use WeCom and DingTalk, served by a thread, and nights over it in this process."""

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from sandbox.clock import Clock
from sandbox.company import Patch
from sandbox.endpoints import World
from sandbox.life import write
from sandbox.quota import Rules
from sandbox.server import HOST, application, listening_socket
from sandbox.store import Store, database
from warehouse import watermarks
from warehouse.clock import cutoff
from warehouse.connection import connect

DAY = date(2026, 6, 30)  # a Tuesday
CUSTOMERS = 130  # of each team: more than one page


def at(local: str) -> datetime:
    """An instant written in Shanghai's time, in UTC."""
    return datetime.fromisoformat(f"{local}+08:00").astimezone(UTC)


def person(key: str, team: str) -> Patch:
    """A member of a team, there for years."""
    fields = {"user_id": key, "full_name": f"员工{key}", "status": "0", "main_department": [team]}
    return Patch(at("2024-01-01T09:00"), "PersonnelObj", key, "create", fields, "-10000")


def customer(key: str, owner: str, changed: str = "2025-03-01T10:00") -> Patch:
    """A customer of an employee."""
    fields = {"name": f"苏州{key}精密机械有限公司", "owner": [owner], "life_status": "normal"}
    return Patch(at(changed), "AccountObj", key, "create", fields, owner)


def contact(key: str, owner: str, account: str, when: str, kind: str) -> Patch:
    """A contact that an employee logged on a customer: kind 1 call, 2 visit, 3 message."""
    related = [{"id": account, "describe_api_name": "AccountObj"}]
    fields = {"active_record_type": kind, "owner": [owner], "related_object_data": related, "life_status": "normal"}
    return Patch(at(when), "ActiveRecordObj", key, "create", fields, owner)


PATCHES = [
    *(person(key, "D201") for key in ("1001", "1002")),
    *(person(key, "D101") for key in ("1003", "1004")),
    *(customer(f"W{n:03d}", f"{1001 + n % 2}") for n in range(CUSTOMERS)),
    *(customer(f"D{n:03d}", f"{1003 + n % 2}") for n in range(CUSTOMERS)),
    *(contact(f"c{n:02d}", "1003", f"D{n:03d}", f"2026-06-{10 + n // 2}T11:00", "1") for n in range(0, 30, 2)),
    *(contact(f"m{n}", "1001", "W001", f"2026-06-30T1{n}:00", "3") for n in range(4)),
    contact("m8", "1001", "W001", "2026-07-01T15:00", "3"),
    customer("D900", "1003", "2026-07-01T00:00"),  # exactly on the border between two days
]


class Served:
    """The company, served; `ask` reaches the sandbox's own endpoints."""

    def __init__(self, home: Path, patches: list[Patch]) -> None:
        path = database(home)
        path.parent.mkdir(parents=True)
        state = {
            "day": DAY,
            "go_live": DAY - timedelta(days=28),
            "horizon": DAY + timedelta(days=20),
            "seed": 1,
            "scale": 1,
        }
        write(
            path, sorted(patches, key=lambda each: (each.at, each.object, each.id)), state | {"day_began_at": 0.0}, []
        )
        self.store = Store(path)
        listener = listening_socket(0)
        app = application(World(self.store, Clock(self.store, speed=0), Rules()))
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
        )
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        self.url = f"http://{HOST}:{listener.getsockname()[1]}"

    def ask(self, path: str, body: Any = None) -> Any:
        """One of the sandbox's own endpoints."""
        url = f"{self.url}/sandbox/{path}"
        answer = httpx.get(url, timeout=30) if body is None else httpx.post(url, json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def requests(self, part: str, since: int = 0) -> list[dict[str, Any]]:
        """Requests whose path holds `part`, in order."""
        return [row for row in self.ask(f"requests?since_seq={since}")["entries"] if part in row["path"]]

    def last_request(self) -> int:
        """The number of the newest request."""
        return int(self.ask("requests?since_seq=0")["last_seq"])

    def stop(self) -> None:
        """End the server."""
        self._server.should_exit = True
        self._thread.join(10)
        self.store.close()


def query(statement: str, *params: object) -> list[tuple[Any, ...]]:
    """Rows as `loader` sees them."""
    with connect("loader") as connection:
        return connection.execute(statement, params).fetchall()


def accept(system: str, streams: list[str], as_of: date) -> None:
    """What the landing gate does when it believes the night."""
    with connect("checker") as connection:
        for name in streams:
            watermarks.move(connection, system, name, cutoff(as_of), as_of)
