"""The CRM's memory: one SQLite file with an append-only journal, the records as they stand, and the days still to come.

In: patches of the invented company and writes over the API. Out: journal rows, current records, the journal of requests. Instants are
epoch milliseconds; bodies are JSON without bookkeeping fields, which have columns of their own.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from sandbox.schema import CURRENT_COLUMNS, JOURNAL_COLUMNS, REQUEST_COLUMNS, connect


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it stands. `body` holds its fields without bookkeeping."""

    object: str
    id: str
    body: dict[str, Any]
    create_time: int
    last_modified_time: int
    last_modified_by: str
    version: int


class NoCompanyError(Exception):
    """There is no sandbox company in this home yet."""


def database(home: Path) -> Path:
    """Where the company of a home lies."""
    return home / "sandbox" / "company.sqlite"


class Store:
    """The opened file. One process writes at a time; another may read beside it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise NoCompanyError(f"no sandbox company at {path}: run `python -m sandbox create` first")
        self.connection = connect(path)

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: what is written inside is kept together, or dropped when an exception passes."""
        self.connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")

    def state(self, key: str, default: str | None = None) -> str:
        """One value of the company's state (day, go_live, horizon, seed, scale, day_began_at; dialect, created_fields with a default)."""
        row = self.connection.execute("select value from state where key = ?", (key,)).fetchone()
        if row is None and default is None:
            raise KeyError(key)
        return str(default if row is None else row[0])

    def put_state(self, key: str, value: object) -> None:
        """Set one value of the company's state."""
        self.connection.execute("insert or replace into state values (?, ?)", (key, str(value)))

    def day(self) -> date:
        """The sandbox's day: the last one that has ended."""
        return date.fromisoformat(self.state("day"))

    def day_began_at(self) -> float:
        """The sandbox second at which the present day became the present one."""
        return float(self.state("day_began_at"))

    def last_request_at(self) -> float:
        """The sandbox second of the newest request, or of the newest day where there was none since."""
        row = self.connection.execute("select at_s from requests order by seq desc limit 1").fetchone()
        return max(float(row[0]) if row else 0.0, self.day_began_at())

    def record(self, object_name: str, record_id: str) -> Record | None:
        """A record as it stands, None when it does not exist or was deleted."""
        row = self.connection.execute(
            f"select {CURRENT_COLUMNS} from current where object = ? and id = ?",  # noqa: S608 - our own constant
            (object_name, record_id),
        ).fetchone()
        return None if row is None else Record(row[0], row[1], orjson.loads(row[2]), *row[3:])

    def apply(
        self, at_ms: int, object_name: str, record_id: str, op: str, fields: Mapping[str, Any], actor: str, *,
        workflow_fired: bool = False,
    ) -> int | None:  # fmt: skip
        """Append one change to the journal and let the record follow. None in a field clears it.

        Returns the new version, None when the record to change does not exist (or the one to create does). A record's modification
        time never goes back, as in the CRM.
        """
        known = self.record(object_name, record_id)
        if (known is None) != (op == "create"):
            return None
        before = known.body if known else {}
        version = known.version + 1 if known else self._last_version(object_name, record_id) + 1
        old = {name: before.get(name) for name in fields} if known else None
        is_effective = old is None or op == "delete" or old != dict(fields)
        self.connection.execute(
            f"insert into journal({JOURNAL_COLUMNS}) values (null, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own constant
            (
                at_ms,
                object_name,
                record_id,
                version,
                op,
                _text(fields),
                _text(old) if old else None,
                actor,
                is_effective,
                workflow_fired,
            ),
        )
        self.connection.execute("delete from current where object = ? and id = ?", (object_name, record_id))
        if op != "delete":
            body = {name: value for name, value in {**before, **fields}.items() if value is not None}
            modified = max(at_ms, known.last_modified_time) if known else at_ms
            created = known.create_time if known else int(body.get("create_time", at_ms))
            row = (object_name, record_id, _text(body), created, modified, actor, version)
            self.connection.execute("insert into current values (?, ?, ?, ?, ?, ?, ?)", row)
        return version

    def _last_version(self, object_name: str, record_id: str) -> int:
        found = self.connection.execute(
            "select max(version) from journal where object = ? and id = ?", (object_name, record_id)
        )
        return int(found.fetchone()[0] or 0)

    def reveal(self, before_ms: int) -> int:
        """Let the company live on up to an instant. Changes of records that a test deleted are dropped. Returns how many were applied."""
        rows = self.connection.execute(
            "select at_ms, object, id, op, fields, actor from future where at_ms < ? order by seq", (before_ms,)
        ).fetchall()
        applied = [
            self.apply(at, name, key, op, orjson.loads(fields), actor) for at, name, key, op, fields, actor in rows
        ]
        self.connection.execute("delete from future where at_ms < ?", (before_ms,))
        return sum(version is not None for version in applied)

    def note_request(
        self,
        at_s: float,
        path: str,
        object_name: str,
        http_status: int,
        error_code: int | str | None,
        rows: int,
        fault: str | None,
    ) -> None:
        """Append one request to the journal of requests. `at_s`: sandbox seconds."""
        self.connection.execute(
            f"insert into requests({REQUEST_COLUMNS}) values (null, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own constant
            (at_s, path, object_name, http_status, error_code, rows, fault),
        )

    def rows(self, statement: str, values: Iterable[object]) -> list[dict[str, Any]]:
        """The answer of a statement as dictionaries."""
        cursor = self.connection.execute(statement, tuple(values))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def _text(value: object) -> str:
    return orjson.dumps(value).decode()
