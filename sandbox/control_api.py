"""The sandbox's own endpoints under `/sandbox/`, no part of the CRM: time, journals, faults, rules, and changes that a test makes.

Answers are JSON; what is refused is HTTP 400 with `error`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.clock import iso
from sandbox.endpoints import World, render
from sandbox.faults import rule
from sandbox.life import CompanyError, advance
from sandbox.quota import Rules
from sandbox.schema import JOURNAL_COLUMNS, REQUEST_COLUMNS
from sandbox.store import Store

MOST_ROWS = 10_000


def clock_state(store: Store, now_ms: int) -> dict[str, Any]:
    """What the clock shows: calendar, day, go-live, last day that can be reached."""
    return {
        "now": iso(now_ms),
        "now_ms": now_ms,
        "day": store.state("day"),
        "go_live": store.state("go_live"),
        "horizon": store.state("horizon"),
    }


class Control:
    """The endpoints that tests and `advance` use."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """The sandbox's own endpoints."""
        table: list[tuple[str, str, Callable[[Request], Awaitable[object]]]] = [
            ("GET", "/sandbox/clock", self._clock),
            ("POST", "/sandbox/clock", self._step),
            ("POST", "/sandbox/advance", self._advance),
            ("GET", "/sandbox/journal", self._journal),
            ("GET", "/sandbox/requests", self._requests),
            ("GET", "/sandbox/record/{object}/{id}", self._record),
            ("POST", "/sandbox/patch", self._patch),
            ("POST", "/sandbox/faults", self._faults),
            ("GET", "/sandbox/faults", self._show_faults),
            ("POST", "/sandbox/rules", self._rules),
            ("GET", "/sandbox/rules", self._show_rules),
        ]
        return [Route(path, _answering(handler), methods=[method]) for method, path, handler in table]

    async def _clock(self, _request: Request) -> object:
        return clock_state(self._world.store, self._world.clock.now_ms()) | {"seconds": self._world.clock.seconds()}

    async def _step(self, request: Request) -> object:
        self._world.clock.step(float((await _body(request))["seconds"]))
        return await self._clock(request)

    async def _advance(self, request: Request) -> object:
        lived = advance(self._world.store, int((await _body(request)).get("days", 1)), at_s=self._world.clock.seconds())
        return await self._clock(request) | {"changes": {day.isoformat(): changes for day, changes in lived}}  # type: ignore[operator]

    async def _journal(self, request: Request) -> object:
        """Journal rows after `since_seq`, narrowed by `object`, `id` or `actor`; at most 10,000, `last_seq` pages on."""
        asked = request.query_params
        names = [name for name in ("object", "id", "actor") if name in asked]
        where = " and ".join(["seq > ?", *(f"{name} = ?" for name in names)])
        rows = self._world.store.rows(
            f"select {JOURNAL_COLUMNS} from journal where {where} order by seq limit {MOST_ROWS}",  # noqa: S608 - our own constants
            [int(asked.get("since_seq", 0)), *(asked[name] for name in names)],
        )
        for row in rows:
            row["fields"] = orjson.loads(row["fields"])
            row["old"] = orjson.loads(row["old"]) if row["old"] else None
        return {"entries": rows, "last_seq": rows[-1]["seq"] if rows else int(asked.get("since_seq", 0))}

    async def _requests(self, request: Request) -> object:
        """Requests after `since_seq`, with the sandbox second, object, errorCode, rows and fault of each."""
        since = int(request.query_params.get("since_seq", 0))
        rows = self._world.store.rows(f"select {REQUEST_COLUMNS} from requests where seq > ? order by seq", [since])  # noqa: S608
        return {"entries": rows, "last_seq": rows[-1]["seq"] if rows else since}

    async def _record(self, request: Request) -> object:
        record = self._world.store.record(request.path_params["object"], request.path_params["id"])
        if record is None:
            raise ValueError(f"there is no record {request.path_params['id']} of {request.path_params['object']}")
        return asdict(record)

    async def _patch(self, request: Request) -> object:
        """One change or a list: {object, id, op, fields, actor?, at_ms?}; without `at_ms` it happens now. All or none."""
        given = await _body(request)
        patches = given if isinstance(given, list) else [given]
        store, now_ms, versions = self._world.store, self._world.clock.now_ms(), []
        with store.transaction():
            for patch in patches:
                version = store.apply(
                    int(patch.get("at_ms", now_ms)),
                    patch["object"],
                    patch["id"],
                    patch["op"],
                    patch.get("fields", {}),
                    patch.get("actor", "-10000"),
                )
                if version is None:
                    raise ValueError(
                        f"cannot {patch['op']} {patch['object']} {patch['id']}: it {'exists' if patch['op'] == 'create' else 'is gone'}"
                    )
                versions.append(version)
        return {"applied": len(versions), "versions": versions}

    async def _faults(self, request: Request) -> object:
        """Replace the faults by a list; an empty one ends them."""
        self._world.faults.rules = [rule(given) for given in await _body(request)]
        return await self._show_faults(request)

    async def _show_faults(self, _request: Request) -> object:
        return [asdict(known) for known in self._world.faults.rules]

    async def _rules(self, request: Request) -> object:
        given = await _body(request)
        unknown = set(given) - {field.name for field in fields(Rules)}
        if unknown:
            raise ValueError(f"there is no rule {', '.join(sorted(unknown))}")
        for name, value in given.items():
            setattr(self._world.rules, name, value)
        return await self._show_rules(request)

    async def _show_rules(self, _request: Request) -> object:
        return asdict(self._world.rules)


async def _body(request: Request) -> Any:
    return orjson.loads(await request.body())


def _answering(handler: Callable[[Request], Awaitable[object]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return Response(render(await handler(request)), media_type="application/json")
        except (ValueError, KeyError, TypeError, CompanyError) as error:
            return Response(render({"error": str(error)}), status_code=400, media_type="application/json")

    return answer
