"""A vendor that answers Fxiaoke's query from prepared records, so that its own work hardly counts: `python -m bench.vendor FILE SECONDS`.

In: records as JSON lines, the round trip that every answer takes at least. Out: pages by keyset on `_id` (GT, LTE) in either order; other
conditions hold for all of its records. It prints its address when it listens.
"""

import asyncio
import logging
import sys
from bisect import bisect_right
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.server import HOST, listening_socket


class Records:
    """The records in the order of their ids, each as the JSON that is sent."""

    def __init__(self, lines: list[bytes]) -> None:
        held = sorted((orjson.loads(line)["_id"], line) for line in lines if line)
        self.ids, self.texts = [key for key, _ in held], [text for _, text in held]

    def page(self, search: dict[str, Any]) -> bytes:
        """The records of one search, joined."""
        low, high = 0, len(self.ids)
        for item in search["filters"]:
            if item["field_name"] == "_id":
                place = bisect_right(self.ids, item["field_values"][0])
                low, high = (place, high) if item["operator"] == "GT" else (low, place)
        if not search["orders"][0]["isAsc"]:
            return b",".join(reversed(self.texts[max(low, high - search["limit"]) : high]))
        return b",".join(self.texts[low : min(high, low + search["limit"])])


def application(records: Records, round_trip_s: float) -> Starlette:
    """Sign-in and query."""

    async def token(_request: Request) -> Response:
        return _json(b'{"errorCode":0,"accessToken":"AT_bench","ea":"bench","expiresIn":7200}')

    async def query(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        await asyncio.sleep(round_trip_s)
        rows = records.page(asked["data"]["search_query_info"])
        return _json(b'{"errorCode":0,"traceId":"bench","data":{"dataList":[' + rows + b"]}}")

    return Starlette(
        routes=[
            Route("/oauth2.0/token", token, methods=["POST"]),
            Route("/cgi/crm/v2/data/query", query, methods=["POST"]),
        ]
    )


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def main() -> None:
    """Serve until told to end."""
    listener = listening_socket(0)
    app = application(Records(Path(sys.argv[1]).read_bytes().split(b"\n")), float(sys.argv[2]))
    print(f"listening on http://{HOST}:{listener.getsockname()[1]}", flush=True)
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run(sockets=[listener])


if __name__ == "__main__":
    main()
