"""A company of marketing leads written by hand, its channels served by a thread; a walk over one of them as a night makes it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn

from config.settings import Settings, settings
from connectors.pacing import Patience
from connectors.sources import Source
from connectors.streams import mapping_of
from connectors.walk import Tally, walk_stream
from sandbox.clock import Clock
from sandbox.company import Patch
from sandbox.endpoints import World
from sandbox.faults import rule
from sandbox.life import write
from sandbox.quota import Rules
from sandbox.server import HOST, application, listening_socket
from sandbox.store import Store, database
from warehouse.clock import cutoff
from warehouse.walks import Walk, loading

DAY = date(2026, 6, 30)
SOURCES = {"hubspot": "website", "baidu": "sem_baidu", "tencent": "wechat_official"}


def lead(number: int, source: str, at: datetime) -> Patch:
    """A lead of the CRM, typed in ten minutes after it was sent at the latest."""
    fields = {"name": f"王{number}", "mobile": f"138{number:08d}", "source": source, "company": "华东机电有限公司"}
    return Patch(
        at, "LeadsObj", f"lead{number:06d}", "create", fields | {"create_time": round(at.timestamp() * 1000)}, "1000"
    )


def leads(count: int, source: str, first: int = 0) -> list[Patch]:
    """`count` leads of one source, twenty minutes apart, the last at noon of DAY."""
    noon = datetime(2026, 6, 30, 4, tzinfo=UTC)
    return [lead(first + n, source, noon - timedelta(minutes=20 * (count - 1 - n))) for n in range(count)]


@dataclass
class Served:
    """The served channels, and what was asked of them."""

    url: str
    world: World

    def plant(self, *faults: dict[str, Any]) -> None:
        """Replace the faults."""
        self.world.faults.rules = [rule(given) for given in faults]

    def asked(self, endpoint: str) -> list[dict[str, Any]]:
        """The journal's requests whose path ends so."""
        rows = self.world.store.rows("select path, http_status, error_code, rows, fault from requests order by seq", ())
        return [row for row in rows if row["path"].endswith(endpoint)]


@contextmanager
def served(home: Path, patches: list[Patch], dialect: str = "standard") -> Iterator[Served]:
    """Serve the company of `patches` on loopback; its clock stands."""
    path = database(home)
    path.parent.mkdir(parents=True)
    state = {"day": DAY, "go_live": DAY, "horizon": DAY, "seed": 1, "scale": 1, "day_began_at": 0.0, "dialect": dialect}
    write(path, sorted(patches, key=lambda patch: patch.at), state, [])
    world = World(Store(path), Clock(Store(path), speed=0), Rules())
    listener = listening_socket(0)
    config = uvicorn.Config(application(world), log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield Served(f"http://{HOST}:{listener.getsockname()[1]}", world)
    server.should_exit = True
    thread.join(10)


def pointed(url: str, home: Path) -> Settings:
    """Settings whose channels are those at `url`; tokens are kept under `home`."""
    addresses = {f"{system}_base_url": f"{url}/{system}" for system in SOURCES}
    return settings().model_copy(update={**addresses, "baidu_oauth_base_url": f"{url}/baidu", "home": home})


@dataclass
class Night:
    """One source, walked for a day; `slept` are the waits that would have been."""

    source: type[Source]
    system: str
    now: Settings
    slept: list[float] = field(default_factory=list)

    def opened(self) -> Source:
        """The source with a patience that only notes."""
        return self.source(self.now, Patience(4, pause=self.slept.append))  # type: ignore[arg-type,call-arg]

    def walk(self, day: date = DAY, window_from: datetime | None = None) -> Tally:
        """Read the stream of leads up to the end of `day` and land it."""
        opened, tally = self.opened(), Tally()
        try:
            with loading(self.system) as connection:
                owed = Walk(self.system, "leads", day, window_from, cutoff(day))
                walk_stream(connection, opened, mapping_of(self.system).streams["leads"], owed, tally)
        finally:
            opened.close()
        return tally
