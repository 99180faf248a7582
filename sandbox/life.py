"""How the company comes into being and lives on: `found` writes its file, `advance` brings one day after the other.

In: the invented company of `sandbox.company`. Out: `company.sqlite` under a home, and `truth/` beside it, which only tests and benches
read and the server never opens.
"""

import csv
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson

from sandbox.clock import cutoff_ms, night_ms
from sandbox.company import Company, Patch, generate
from sandbox.objects import LONE_SURROGATE_MARK
from sandbox.papers import with_papers
from sandbox.schema import INDEXES, TABLES, connect
from sandbox.store import Store, database

Say = Callable[[str], None]


class CompanyError(Exception):
    """The company cannot be founded or live on as asked; the message names the next action."""


def found(
    home: Path, day: date, *, scale: float, seed: int, days_ahead: int, dialect: str = "standard", is_replacing: bool = False,
    say: Say = print,
) -> Path:  # fmt: skip
    """Generate the company and write its file in one move. Raises CompanyError when there is one already and it may not be replaced."""
    path = database(home)
    if path.exists() and not is_replacing:
        raise CompanyError(
            f"there is a sandbox company at {path} already: pass --replace to found it anew, its journal included"
        )
    say(f"generating the company: three years up to {day}, scale {scale:g}, seed {seed}")
    company = generate(
        day, scale=scale, seed=seed, days_ahead=days_ahead + 1
    )  # the last night needs the morning after it
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    for left in (fresh, *_companions(fresh), *_companions(path)):
        left.unlink(missing_ok=True)
    state = {
        "day": day,
        "go_live": company.go_live,
        "horizon": day + timedelta(days=days_ahead),
        "seed": seed,
        "scale": scale,
        "day_began_at": 0.0,
        "dialect": dialect,
    }
    say(f"writing {len(company.patches):,} changes and what is filed beside them")
    write(fresh, with_papers(with_lone_surrogate(company.patches, company.go_live), seed), state, company.targets)
    fresh.replace(path)
    _write_truth(path.parent / "truth", company, state)
    return path


def _companions(path: Path) -> tuple[Path, Path]:
    return path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


def with_lone_surrogate(patches: Iterable[Patch], go_live: date) -> Iterator[Patch]:
    """The patches, the name of the first lead after go-live ending in half a character: CRMs hand such things out."""
    is_planted = False
    for patch in patches:
        if not is_planted and patch.object == "LeadsObj" and patch.op == "create" and _ms(patch) >= cutoff_ms(go_live):
            is_planted = True
            patch = replace(
                patch, fields={**patch.fields, "name": f"{patch.fields.get('name', '')}{LONE_SURROGATE_MARK}"}
            )
        yield patch


def write(path: Path, patches: Iterable[Patch], state: dict[str, Any], targets: list[dict[str, Any]]) -> None:
    """Write a company's file: what happened before 01:30 after `state['day']` into journal and records, the rest into the future."""
    connection = connect(path)
    connection.executescript(TABLES)
    connection.execute("begin")
    connection.executemany("insert into state values (?, ?)", [(key, str(value)) for key, value in state.items()])
    connection.executemany(
        "insert into targets values (?, ?, ?)",
        [(row["node_id"], row["period_id"], str(row["gross_amount"])) for row in targets],
    )
    _tell(connection, iter(patches), night_ms(state["day"]))
    connection.execute("commit")
    connection.executescript(f"{INDEXES} pragma wal_checkpoint(truncate);")
    connection.close()


def _tell(connection: sqlite3.Connection, patches: Iterator[Patch], until_ms: int) -> None:
    """The bulk form of Store.apply: the same journal and records, kept in memory until they are whole."""
    records: dict[tuple[str, str], list[Any]] = {}
    journal: list[tuple[Any, ...]] = []
    future: list[tuple[Any, ...]] = []
    for patch in patches:
        at, key = _ms(patch), (patch.object, patch.id)
        if at >= until_ms:
            future.append((at, *key, patch.op, _text(patch.fields), patch.actor))
            continue
        known = records.get(key)
        before = known[0] if known else {}
        old = {name: before.get(name) for name in patch.fields} if known else None
        version = known[4] + 1 if known else 1
        journal.append(
            (
                at,
                *key,
                version,
                patch.op,
                _text(patch.fields),
                _text(old) if old else None,
                patch.actor,
                old is None or patch.op == "delete" or old != patch.fields,
            )
        )
        if patch.op == "delete":
            records.pop(key)
        else:
            body = {name: value for name, value in {**before, **patch.fields}.items() if value is not None}
            records[key] = [body, known[1] if known else body.get("create_time", at), at, patch.actor, version]
    connection.executemany(
        "insert into journal(at_ms, object, id, version, op, fields, old, actor, effective, workflow_fired) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        journal,
    )
    connection.executemany("insert into future(at_ms, object, id, op, fields, actor) values (?, ?, ?, ?, ?, ?)", future)
    connection.executemany(
        "insert into current values (?, ?, ?, ?, ?, ?, ?)",
        ((*key, _text(records[key][0]), *records[key][1:]) for key in sorted(records)),
    )


def _ms(patch: Patch) -> int:
    return round(patch.at.timestamp() * 1000)


def _text(value: object) -> str:
    return orjson.dumps(value).decode()


def _write_truth(folder: Path, company: Company, state: dict[str, Any]) -> None:
    """Hidden quality and outcome of each opportunity; the oracle's probabilities come from `generate` with the same arguments."""
    folder.mkdir(exist_ok=True)
    rows = [{"id": key, **asdict(truth)} for key, truth in company.truth.opportunities.items()]
    with (folder / "opportunities.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["id", *sorted({name for row in rows for name in row} - {"id"})])
        writer.writeheader()
        writer.writerows(rows)
    (folder / "company.json").write_bytes(orjson.dumps({key: str(value) for key, value in state.items()}))


def advance(store: Store, days: int, *, at_s: float) -> list[tuple[date, int]]:
    """Let the company live `days` days on, one transaction each. `at_s`: the sandbox second at which it happens.

    Returns (day, changes) for each. Raises CompanyError beyond the horizon.
    """
    horizon = date.fromisoformat(store.state("horizon"))
    if store.day() + timedelta(days=days) > horizon:
        raise CompanyError(
            f"the company was generated up to {horizon}: found it anew with a later --day or more --days-ahead"
        )
    lived = []
    for _ in range(days):
        day = store.day() + timedelta(days=1)
        with store.transaction():
            changes = store.reveal(night_ms(day))
            store.put_state("day", day)
            store.put_state("day_began_at", at_s)
        lived.append((day, changes))
    return lived
