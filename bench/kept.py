"""Forecasts of peers, kept between runs: they change with the data, the libraries and the bench's own code, not with our work.

In: `Cases`. Out: a folder `var/bench/<set>-<digest>`; the digest covers all of that, so that nothing stale is ever read.
"""

import hashlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from bench.cases import Cases, Floats

HOME = Path(__file__).resolve().parents[1] / "var" / "bench"
LIBRARIES = ("catboost", "lightgbm", "numpy", "pandas", "scikit-learn", "xgboost-cpu")


def folder_of(cases: Cases) -> Path:
    """Where the forecasts of peers on these cases are kept."""
    seen = hashlib.sha256()
    for library in LIBRARIES:
        seen.update(f"{library} {version(library)}\n".encode())
    for module in ("peers.py", "measures.py", "cases.py"):
        seen.update((Path(__file__).parent / module).read_bytes())
    seen.update(repr((cases.texts, list(cases.features.columns))).encode())
    seen.update(pd.util.hash_pandas_object(cases.features).to_numpy().tobytes())
    for column in (cases.label, cases.day, cases.train, cases.test):
        seen.update(np.ascontiguousarray(column).tobytes())
    return HOME / f"{cases.name}-{seen.hexdigest()[:16]}"


def kept(folder: Path, contender: str, make: Callable[[], Floats]) -> Floats:
    """The contender's forecast, from the folder if it is there, else made and put there."""
    file = folder / f"{contender.replace(' ', '-').replace(',', '')}.npy"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".new.npy")
        np.save(fresh, make())
        fresh.rename(file)
    return np.asarray(np.load(file), dtype=float)
