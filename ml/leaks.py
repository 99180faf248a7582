"""The leak guard: which columns of a flat history were filled at or after the outcome, and how one can tell.

`python -m ml.leaks FILE.csv --outcome COLUMN --won VALUE [--order COLUMN]`. A flat table shows every column as it is today, not as it was
when there was still something to predict; a column that the outcome itself filled makes a model that is right in every test and useless on
the day. Signs, each told with its figures: a value that decides the outcome without exception; a column filled for one outcome only; one
that alone ranks newer cases nearly perfectly; a twin of another column whose differences give the outcome away; and a name that speaks of
the end or of later judgement, where the column ranks cases at all. A column without any of these is not cleared: a default that is
corrected on arrival looks like a trait of the customer.
"""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.dataset import Floats
from ml.evaluate import auc

Codes = NDArray[np.int64]
Chosen = NDArray[np.bool_]
NEWER_SHARE = 0.25
BINS = 20
PRIOR_ROWS = 20.0
NEARLY_PERFECT = 0.93  # ROC-AUC of one honest column at its beginning: the best seen on real data is 0.85
SAYS_SOMETHING = 3.0  # standard errors above 0.5 of the ROC-AUC on newer cases from which a telling name counts
EXCEPTIONS_EXPECTED = 50.0  # of the other outcome, among the rows of a value that shows none
FILLED, EMPTY = 0.9, 0.1
TWIN_FROM = 0.6  # share of rows in which two columns say the same
GIVES_AWAY = 0.25  # of the usual rate of the rarer outcome, left where twins differ
WORDS_OF_THE_END = {
    *("status", "outcome", "result", "reason", "closing", "close", "closed", "final", "elapsed", "duration"),
    *("ratio", "last", "assigned", "change", "changes", "tag", "tags", "quality", "profile", "score", "index"),
}
PHRASES_OF_THE_END = ("total days",)


@dataclass(frozen=True)
class Leak:
    """A column and why it is thought to be filled at or after the outcome."""

    column: str
    why: str


def leaks(frame: pd.DataFrame, won: Floats) -> list[Leak]:
    """Columns of `frame` (rows in order of their beginning, oldest first) that tell of the outcome `won` (0 or 1)."""
    found = []
    codes = {str(name): _codes(frame[name], int(len(frame) * (1 - NEWER_SHARE))) for name in frame.columns}
    for name, code in codes.items():
        why = (
            _decides(frame[name], won)
            or _filled_by_outcome(frame[name], won)
            or _ranks(code, won, name)
            or _twin(name, frame, won)
        )
        if why:
            found.append(Leak(name, why))
    return found


def _codes(column: pd.Series, older: int) -> Codes:
    """A small number per row: texts by value, numbers by quantiles of the older rows; −1 where missing."""
    if pd.api.types.is_numeric_dtype(column):
        edges = np.unique(column.iloc[:older].quantile(np.linspace(0, 1, BINS + 1)[1:-1]).dropna())
        return np.where(column.isna(), -1, np.searchsorted(edges, column.fillna(0), side="right")).astype(np.int64)
    return pd.factorize(column)[0].astype(np.int64)


def _decides(column: pd.Series, won: Floats) -> str:
    base = won.mean()
    shown = column.astype(str).where(column.notna(), "nothing").to_numpy(dtype=object)
    if pd.api.types.is_numeric_dtype(column):
        shown = np.where(column > column.min(), f"more than {column.min():g}", "no more").astype(object)
    tally = pd.DataFrame({"value": shown, "won": won}).groupby("value")["won"].agg(["sum", "count"])
    for value, (wins, rows) in tally.iterrows():
        if wins == 0 and rows * base >= EXCEPTIONS_EXPECTED:
            return f"none of the {rows:.0f} rows with {value} was won, {rows * base:.0f} would be usual"
        if wins == rows and rows * (1 - base) >= EXCEPTIONS_EXPECTED:
            return f"all of the {rows:.0f} rows with {value} were won, {rows * base:.0f} would be usual"
    return ""


def _filled_by_outcome(column: pd.Series, won: Floats) -> str:
    shares = [float(column[won == outcome].notna().mean()) for outcome in (0, 1)]
    if min(shares) <= EMPTY and max(shares) >= FILLED:
        return f"filled in {shares[1]:.0%} of won rows and {shares[0]:.0%} of lost ones"
    return ""


def _ranks(code: Codes, won: Floats, name: str) -> str:
    """How well the column alone ranks: learned on older rows, the newer ones; and every second older row, learned on the others."""
    older = int(len(won) * (1 - NEWER_SHARE))
    rows = np.arange(len(won))
    newer, _ = _ranked(code, won, rows < older, rows >= older)
    if newer >= NEARLY_PERFECT:
        return f"alone it ranks newer cases with ROC-AUC {newer:.3f}"
    word = _word_of_the_end(name)
    for cases, taught, asked in (
        ("newer cases", rows < older, rows >= older),
        ("cases of its own time", (rows < older) & (rows % 2 == 0), (rows < older) & (rows % 2 == 1)),
    ):
        reached, error = _ranked(code, won, taught, asked)
        if word and reached >= 0.5 + SAYS_SOMETHING * error:
            return f"its name says '{word}', and alone it ranks {cases} with ROC-AUC {reached:.3f}"
    return ""


def _ranked(code: Codes, won: Floats, taught: Chosen, asked: Chosen) -> tuple[float, float]:
    """ROC-AUC of past rates by value, and its standard error where nothing is known."""
    tally = pd.DataFrame({"code": code[taught], "won": won[taught]}).groupby("code")["won"].agg(["sum", "count"])
    base, n, wins = won[taught].mean(), int(asked.sum()), won[asked].sum()
    rate = (tally["sum"] + PRIOR_ROWS * base) / (tally["count"] + PRIOR_ROWS)
    forecast = pd.Series(code[asked]).map(rate).fillna(base).to_numpy(dtype=np.float64)
    return auc(won[asked], forecast), float(np.sqrt((n + 1) / max(12 * wins * (n - wins), 1.0)))


def _word_of_the_end(name: str) -> str:
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]
    phrase = " ".join(words)
    return next(
        (word for word in words if word in WORDS_OF_THE_END),
        next((phrases for phrases in PHRASES_OF_THE_END if phrases in phrase), ""),
    )


def _twin(name: str, frame: pd.DataFrame, won: Floats) -> str:
    """Whether rows that differ from a column of the same values nearly always had the same outcome."""
    own = frame[name]
    if pd.api.types.is_numeric_dtype(own):
        return ""
    rarer = 1 - won if won.mean() > 0.5 else won
    earlier = [str(column) for column in frame.columns[: list(frame.columns).index(name)]]
    for other in (column for column in earlier if not pd.api.types.is_numeric_dtype(frame[column])):
        differ = (own != frame[other]).to_numpy(dtype=bool)
        rows, usual, seen = int(differ.sum()), float(rarer.mean() * differ.sum()), float(rarer[differ].sum())
        if usual >= EXCEPTIONS_EXPECTED and rows <= (1 - TWIN_FROM) * len(own) and seen < GIVES_AWAY * usual:
            return f"it repeats {other} but for {rows} rows: {seen:.0f} of them ended in the rarer way, {usual:.0f} would be usual"
    return ""


def main() -> None:
    """Entry point of `python -m ml.leaks`."""
    parser = argparse.ArgumentParser(prog="python -m ml.leaks", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("file", type=Path, help="a CSV with one row per case")
    parser.add_argument(
        "--outcome", required=True, metavar="COLUMN", help="the column that says what became of the case"
    )
    parser.add_argument("--won", required=True, metavar="VALUE", help="its value for a won case")
    parser.add_argument(
        "--order", metavar="COLUMN", help="the column that orders cases by their beginning; else the file's order"
    )
    asked = parser.parse_args()
    try:
        frame = pd.read_csv(asked.file, low_memory=False)
    except (OSError, ValueError) as error:
        parser.error(f"{asked.file} cannot be read as CSV: {error}")
    for column in filter(None, (asked.outcome, asked.order)):
        if column not in frame.columns:
            parser.error(f"{asked.file} has no column {column}: it has {', '.join(map(str, frame.columns))}")
    if asked.order:
        frame = frame.sort_values(asked.order, ignore_index=True)
    outcomes = frame[asked.outcome].astype(str)
    won = (outcomes == asked.won).to_numpy(dtype=np.float64)
    if won.all() or not won.any():  # of no row both hold
        some = ", ".join(outcomes.value_counts().index[:5])
        parser.error(f"{asked.won} is {'every' if won.any() else 'no'} case's {asked.outcome}: its values are {some}")
    found = leaks(frame.drop(columns=[asked.outcome]), won)
    for leak in found:
        print(f"{leak.column}: {leak.why}")
    print(f"{len(found)} of {frame.shape[1] - 1} columns look as if they were filled at or after the outcome")


if __name__ == "__main__":
    main()
