"""Chances that the open deals of each snapshot day are won within 30 days, by models that are fitted again every few weeks.

In: `Book`. Out: one probability per asked snapshot row. A model of day t knows the labels known on t, and forecasts until the next is
fitted; ours is the product's own, asked at 30 days. Forecasts are kept under `var/bench` (`bench/kept.py`), ours by the digest of the code
that it depends on (`bench/code.py`).
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from bench import ours, peers
from bench.books import SPAN, Book
from bench.cases import Cases, Floats, Mask
from bench.code import code_of
from bench.kept import folder_of, kept
from bench.totals import OURS, PEERS
from ml.model import allowed_tier, fit, sigmoid

REFIT_DAYS = {"bpic2012": 28, "hotel": 56}


def fits(book: Book) -> list[tuple[int, Mask]]:
    """(day of fitting, asked rows that its model forecasts), oldest first."""
    asked = np.isin(book.cases.day, book.days)
    starts = list(range(int(book.days[0]), int(book.days[-1]) + 1, REFIT_DAYS[book.cases.name]))
    ends = [*starts[1:], int(book.days[-1]) + 1]
    return [
        (start, asked & (book.cases.day >= start) & (book.cases.day < end))
        for start, end in zip(starts, ends, strict=True)
    ]


def chances(book: Book, say: Callable[[str], None] = lambda _: None) -> dict[str, Floats]:
    """Contender → probability of every row of an asked day, in the order of the rows."""
    found: dict[str, list[Floats]] = {name: [] for name in (*PEERS, "ever", OURS)}
    code = code_of("bench.ours", ("bench", "ml"), ("bench/chances.py",))
    for start, rows in fits(book):
        cases = replace(book.cases, train=_taught(book, start), test=rows)
        folder = folder_of(cases)
        say(f"{cases.name}: fitted on day {start}, {int(cases.train.sum())} rows known")
        rates = peers.rates(cases)
        for name in ("stage rate", "stage x time rate"):
            found[name].append(rates[name])
        found["ever"].append(_ever(cases, start))
        learners = dict(peers.learners(cases, threads=1))
        for name in ("logistic regression", "LightGBM"):
            found[name].append(kept(folder, name, learners[f"{name}, default"]))
        found[OURS].append(kept(folder, f"{OURS} {code}", partial(_ours, cases, start, book)))
    order = np.argsort(np.concatenate([np.flatnonzero(rows) for _, rows in fits(book)]), kind="stable")
    return {name: np.concatenate(parts)[order] for name, parts in found.items()}


def _grid(book: Book) -> Mask:
    """The snapshots that are learned from: those of the grid, all of them where there is none."""
    return book.cases.train if book.cases.name == "hotel" else np.ones(len(book.cases.day), dtype=bool)


def _taught(book: Book, start: int) -> Mask:
    return np.asarray(_grid(book) & (book.cases.day + SPAN <= start))


def _ours(cases: Cases, start: int, book: Book) -> Floats:
    rows = ours.rows_of(cases, np.asarray(_grid(book) & (cases.day < start)))
    model = fit(rows, start, allowed_tier(rows, start), ours.SEED)
    frame = ours.rows_of(cases, cases.test).features
    return sigmoid(model.log_odds(frame, np.full(len(frame), float(SPAN))))


def _ever(cases: Cases, start: int) -> Floats:
    """The share of a stage's closed deals that were won, whenever: the rate of a static weighted pipeline."""
    known = cases.closed <= start
    stage = cases.features[cases.stage].fillna("?").astype(str)
    base = float(cases.is_won[known].mean())
    rates = cases.is_won[known].astype(float), stage[known]
    tally = rates[1].to_frame("stage").assign(won=rates[0]).groupby("stage")["won"].mean()
    return stage[cases.test].map(tally).fillna(base).to_numpy(dtype=float)
