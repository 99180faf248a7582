"""What the bench of extraction runs against: an embedded PostgreSQL, a served sandbox company, a vendor with prepared pages.

All of it lies under `var/bench/extraction` and is started and stopped here.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from urllib.request import Request, urlopen

import orjson

from config.settings import ROOT, child_environment, settings, use
from connectors.decoding import fault
from connectors.fxiaoke import PAGE, Fxiaoke
from connectors.streams import mapping_of
from sandbox import postgres
from warehouse.clock import cutoff
from warehouse.migrate import migrate
from warehouse.walks import Walk

HOME = ROOT / "var" / "bench" / "extraction"
DAY = date(2026, 6, 30)
ROUND_TRIP_S = 0.05
TENANT = "bench"


@contextmanager
def warehouse() -> Iterator[None]:
    """A running server and a migrated database of its own; the settings of this process point at it."""
    HOME.mkdir(parents=True, exist_ok=True)
    use(home=str(HOME), tenant=TENANT, sources="fxiaoke", look_back_minutes="60", vault_key="bench", history="none")
    postgres.start()
    settings.cache_clear()
    try:
        migrate()
        yield
    finally:
        postgres.stop()


@contextmanager
def company(scale: float) -> Iterator[str]:
    """The address of a company's CRM that answers after the round trip and lifts its quota."""
    home = HOME / f"company-{scale:g}"
    if not (home / "sandbox" / "company.sqlite").exists():
        size = ["--day", DAY.isoformat(), "--scale", str(scale), "--seed", "1", "--days-ahead", "1"]
        _run("sandbox", "--home", str(home), "create", *size)
    quota = ["--requests-per-20s", "0", "--daily-quota", "0"]
    with _served("sandbox", "--home", str(home), "serve", "--port", "0", *quota) as url:
        use(fxiaoke_base_url=url, fxiaoke_requests_per_20s="0")
        rules = orjson.dumps({"round_trip_s": ROUND_TRIP_S})
        with urlopen(Request(f"{url}/sandbox/rules", data=rules), timeout=60):  # noqa: S310 - always http on loopback
            yield url


@contextmanager
def vendor(bodies: list[bytes]) -> Iterator[str]:
    """The address of a vendor that serves the records of `bodies` by keyset, prepared, after the same round trip."""
    records = HOME / "prepared.jsonl"
    records.write_bytes(b"\n".join(orjson.dumps(row) for body in bodies for row in rows_of(body)))
    with _served("bench.vendor", str(records), str(ROUND_TRIP_S)) as url:
        yield url


def bodies_of(url: str, stream_name: str, rows: int) -> list[bytes]:
    """Answers with `rows` records of a stream, as the CRM sends them: the company's own, again and again under new ids."""
    use(fxiaoke_base_url=url)
    crm, stream = Fxiaoke(), mapping_of("fxiaoke").streams[stream_name]
    found: list[dict[str, Any]] = []
    for page in crm.pages(stream, whole(stream_name)):
        found += [row for row in page.rows if fault(row) is None]
        if len(found) >= rows:
            break
    crm.close()
    many = [found[place % len(found)] | {"_id": f"65f0bb{place:018x}"} for place in range(rows)]
    return [
        orjson.dumps({"errorCode": 0, "traceId": "bench", "data": {"dataList": many[start : start + PAGE]}})
        for start in range(0, rows, PAGE)
    ]


def rows_of(body: bytes) -> list[dict[str, Any]]:
    """The records of an answer."""
    found: list[dict[str, Any]] = orjson.loads(body)["data"]["dataList"]
    return found


def whole(stream: str) -> Walk:
    """The first walk of a stream: everything up to the end of the day."""
    return Walk("fxiaoke", stream, DAY, None, cutoff(DAY))


def _run(module: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", module, *arguments], env=child_environment(), cwd=ROOT, check=True)


@contextmanager
def _served(module: str, *arguments: str) -> Iterator[str]:
    command = [sys.executable, "-m", module, *arguments]
    process = subprocess.Popen(command, env=child_environment(), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        said = process.stdout.readline() if process.stdout else ""
        yield said.split()[-1]
    finally:
        process.terminate()
        process.wait(timeout=20)
