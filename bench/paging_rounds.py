"""Pages a second that a first walk brings in over HTTP, against requests under way ÷ round trip.

In: addresses of servers that answer after the round trip. Out: a figure a server; rounds alternate between the servers. What is timed is
asking, decoding and reading every record of the walk; nothing is landed.
"""

import time
from collections.abc import Mapping

from bench.extraction_figures import Figure
from bench.world import ROUND_TRIP_S, whole
from config.settings import settings, use
from connectors.fxiaoke import Fxiaoke
from connectors.reading import read_page
from connectors.streams import mapping_of

STREAM = "activity_records"  # the longest
GOAL, BLOCKER = 0.75, 0.5


def paging(servers: Mapping[str, str], rounds: int) -> list[Figure]:
    """A figure for each server by name."""
    rates: dict[str, list[float]] = {name: [] for name in servers}
    for _ in range(rounds):
        for name, url in servers.items():
            rates[name].append(_pages_a_second(url))
    limit = settings().concurrency / ROUND_TRIP_S
    note = f"{settings().concurrency} requests under way, {ROUND_TRIP_S * 1000:g} ms"
    return [
        Figure(f"reading, {name}", "pages/s", found, [limit] * len(found), None, GOAL, BLOCKER, note)
        for name, found in rates.items()
    ]


def _pages_a_second(url: str) -> float:
    use(fxiaoke_base_url=url)
    crm, stream, walk = Fxiaoke(), mapping_of("fxiaoke").streams[STREAM], whole(STREAM)
    crm.calls.sign_in()
    pages, began = 0, time.perf_counter()
    for page in crm.pages(stream, walk):
        read_page(stream, walk, page.rows)
        pages += 1
    seconds = time.perf_counter() - began
    crm.close()
    return pages / seconds
