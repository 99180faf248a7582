"""`make bench-models`: ours beside its peers on real data, out of time. Exit code 1 when a floor does not hold.

Two processes of one thread each take set after set; a set whose files are absent is skipped with the reason. Forecasts of peers are kept
under `var/bench` (`bench/kept.py`) and show 0.0 s when they were there; `--fresh` makes them anew.
"""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", OMP_WAIT_POLICY="passive")

from bench import flat, funnel, ours, peers
from bench.cases import Cases, Floats, MissingSetError
from bench.kept import HOME, folder_of, kept
from bench.measures import METRICS, measure, weights_by_case
from bench.verdict import Result, averages, floors, goals, level_gap
from ml.evaluate import TOP_SHARE, lift

SETS: dict[str, Callable[[Path], Cases]] = {
    "bpic2012": funnel.bpic2012,
    "ibm": flat.ibm,
    "hotel": flat.hotel,
    "bank": flat.bank,
    "xeducation": flat.xeducation,
    "maven": flat.maven,
}
SEED = 20240101
PROCESSES = 2


def main() -> int:
    """Run the chosen sets and print figures, goals and floors."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--fresh", action="store_true", help="train the peers again although their forecasts are kept")
    chosen = parser.parse_args()
    if chosen.fresh:
        shutil.rmtree(HOME, ignore_errors=True)
    results, began = [], time.monotonic()
    with ProcessPoolExecutor(PROCESSES) as pool:
        running = {pool.submit(run, name, chosen.data): name for name in chosen.sets}
        for done in as_completed(running):
            try:
                results.append(done.result())
            except MissingSetError as missing:
                print(f"{running[done]} skipped: {missing}", flush=True)
                continue
            print(f"{running[done]} done after {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    if not results:
        print("no set was there to be measured: put the data beside the working copy or name its folder with --data")
        return 1
    return report(sorted(results, key=lambda result: list(SETS).index(result.name)))


def run(name: str, data: Path) -> Result:
    """All contenders on one set."""
    cases = SETS[name](data)
    forecasts = peers.rates(cases)
    seconds: dict[str, float] = {}
    contenders: list[tuple[str, Callable[[], Floats]]] = [(ours.NAME, partial(ours.forecast, cases))]
    folder = folder_of(cases)
    contenders += [(name, partial(kept, folder, name, make)) for name, make in peers.learners(cases, threads=1)]
    for contender, make in contenders:
        began = time.process_time()
        forecasts[contender] = make()
        seconds[contender] = time.process_time() - began
        print(f"{name}: {contender} {seconds[contender]:.1f} s", file=sys.stderr, flush=True)
    label: Floats = cases.label[cases.test]
    weights = weights_by_case(cases.case[cases.test], SEED)
    measured = {contender: measure(label, forecast, weights) for contender, forecast in forecasts.items()}
    levels = {contender: level_gap(label, forecast) for contender, forecast in forecasts.items()}
    fifths = {contender: TOP_SHARE * lift(label, forecast) for contender, forecast in forecasts.items()}
    return Result(name, cases.note, len(label), measured, levels, seconds, fifths)


def report(results: list[Result]) -> int:
    """Print tables as Markdown, then goals and floors; 1 when a floor is broken."""
    for result in results:
        print(f"\n### {result.name}: {result.note}; {result.rows} test rows\n")
        print(
            "| Contender | ROC-AUC | PR-AUC | Log loss | Brier | ECE | top fifth holds | CPU s |\n|---|---|---|---|---|---|---|---|"
        )
        for contender, own in sorted(result.measured.items(), key=lambda item: item[1].figures["log_loss"]):
            cells = [f"{own.figures[metric]:.4f}" for metric in METRICS]
            low, high = own.interval("log_loss")
            cells[2] += f" [{low:.3f}, {high:.3f}]"
            bold = f"**{contender}**" if contender == ours.NAME else contender
            cells += [f"{result.fifths[contender]:.0%}", f"{result.seconds.get(contender, 0.0):.1f}"]
            print(f"| {bold} | {' | '.join(cells)} |")
    print("\nGoals (difference to the best peer, 90 % paired bootstrap by case):\n")
    for told in [*(told for result in results for told in goals(result, ours.NAME)), *averages(results, ours.NAME)]:
        print(f"- {told}")
    broken = [told for result in results for told in floors(result, ours.NAME)]
    print(f"\nFloors: {'all hold' if not broken else 'BROKEN'}")
    for told in broken:
        print(f"- {told}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
