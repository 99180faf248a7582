"""`make bench-forecast`: the total of the next 30 days, ours beside its peers, on every snapshot day of two real order books.

Out: a table and the goals per set, as Markdown, with commit and day. Models that were fitted are kept under `var/bench`; a set whose files
are absent is skipped with the reason.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", OMP_WAIT_POLICY="passive")

import numpy as np

from bench import books
from bench.cases import MissingSetError
from bench.chances import chances
from bench.ranges import Judged, judge, verdicts, windows
from bench.totals import OURS, WEIGHTED, actuals, new_alone, new_business, totals

SETS: dict[str, Callable[[Path], books.Book]] = {"bpic2012": books.bpic2012, "hotel": books.hotel}
HEAD = "| Contender | WAPE | bias | coverage of 80 % | 90 % of bootstrap | Winkler | width |\n|---|---|---|---|---|---|---|"


def main() -> int:
    """Run the chosen sets; 1 when none was there."""
    parser = argparse.ArgumentParser(prog="python -m bench.forecast", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    chosen = parser.parse_args()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    print(f"`make bench-forecast`, commit {commit.stdout.strip() or 'unknown'}")
    done = 0
    for name in chosen.sets:
        began = time.process_time()
        try:
            book = SETS[name](chosen.data)
        except MissingSetError as missing:
            print(f"\n{name} skipped: {missing}")
            continue
        print("\n".join(_told(name, book, began)), flush=True)
        done += 1
    return 0 if done else 1


def _told(name: str, book: books.Book, began: float) -> list[str]:
    told = totals(book, chances(book, lambda line: print(line, file=sys.stderr, flush=True)))
    truth = actuals(book)
    measured = {contender: judge(truth, each) for contender, each in told.items()}
    days = len(book.days)
    lines = [
        f"\n### {name}: {days} snapshot days, {windows(days)} windows that do not overlap; {time.process_time() - began:.0f} s CPU\n",
        HEAD,
    ]
    lines += [_row(contender, each) for contender, each in sorted(measured.items(), key=lambda item: item[1].wape)]
    alone = new_alone(book)
    over = np.isfinite(alone).all(axis=1)
    new = judge(new_business(book)[over], alone[over])
    said = f"new business alone: {new.coverage:.2f} of its ranges held, their width is {new.width:.3f} of the mean of new business, "
    said += f"{new.width * new_business(book)[over].mean() / truth[over].mean():.3f} of the mean total"
    return [*lines, "", *(f"- {sentence}" for sentence in [*verdicts(measured, OURS, WEIGHTED), said])]


def _row(contender: str, own: Judged) -> str:
    named = f"**{contender}**" if contender == OURS else contender
    cells = (
        f"{own.wape:.3f}",
        f"{own.bias:+.3f}",
        f"{own.coverage:.2f}",
        f"{own.low:.2f}–{own.high:.2f}",
        f"{own.winkler:.3f}",
        f"{own.width:.3f}",
    )
    return f"| {named} | {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
