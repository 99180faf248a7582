"""A set of cases to forecast, whatever it came from: what was known, when, and what became of it.

In: nothing. Out: `Cases`, made by `bench.flat` and `bench.funnel` from the files of a data folder. Training rows are those whose label was
known before the first test row's day; for sets that only have an order, days are places in it.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class MissingSetError(Exception):
    """The files of a set are not there."""


@dataclass(frozen=True)
class Cases:
    """`features`: texts as object with None, numbers as float with NaN. `closed` is infinite where a case stayed open.

    `horizon` is the question: won within so many days of `day`. `stage` and `days` name the columns of the simple rates.
    """

    name: str
    note: str
    features: pd.DataFrame
    texts: tuple[str, ...]
    case: Ints
    day: Ints
    closed: Floats
    is_won: Mask
    train: Mask
    test: Mask
    horizon: int
    stage: str
    days: str

    @property
    def label(self) -> Floats:
        """1 where the case was won within the horizon."""
        return np.where(self.is_won & (self.closed <= self.day + self.horizon), 1.0, 0.0)

    @property
    def today(self) -> int:
        """The day on which everything is trained: the first test day."""
        return int(self.day[self.test].min())

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that are not texts."""
        return tuple(name for name in self.features.columns if name not in self.texts)


def read(path: Path) -> pd.DataFrame:
    """A CSV of the data folder. Raises MissingSetError naming the file."""
    if not path.exists():
        raise MissingSetError(f"{path} is not there")
    return pd.read_csv(path, low_memory=False)


def typed(frame: pd.DataFrame, texts: tuple[str, ...]) -> pd.DataFrame:
    """Texts stripped, as object with None; everything else as float with NaN."""
    columns = {}
    for name in frame.columns:
        if name in texts:
            text = frame[name].astype("string").str.strip()
            columns[name] = text.astype(object).where(text.notna() & (text != ""), None)
        else:
            columns[name] = pd.to_numeric(frame[name], errors="coerce").astype(float)
    return pd.DataFrame(columns)
