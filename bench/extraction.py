"""`make bench-extract`: how near reading and landing come to their physical limits, measured side by side in one run.

Reading: pages a second over HTTP with a round trip of 50 ms and no quota, against requests under way ÷ round trip; over the sandbox CRM
and over a vendor that serves prepared pages, since the sandbox's own serving shares these cores. Landing: rows a second by the walk itself
(hash, vault, quarantine, ledger), against COPY of the same records into a bare jsonb column, A-B-A-B-A. Exit code 1 below a ship-blocker.
"""

import argparse
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench.extraction_figures import Figure, table
from bench.landing_rounds import landing
from bench.paging_rounds import paging
from bench.world import bodies_of, company, vendor, warehouse

DOC = Path(__file__).resolve().parent.parent / "docs" / "extraction.md"
MARK = "## Measured\n"
FEWEST_ROUNDS = 5
STREAMS = ("opportunities", "activity_records", "leads")


def main() -> int:
    """Run both measurements, print the table, keep it in docs/extraction.md when asked to."""
    parser = argparse.ArgumentParser(prog="python -m bench.extraction", description=__doc__)
    parser.add_argument("--scale", type=float, default=0.2, help="size of the sandbox company whose pages are read")
    parser.add_argument("--rows", type=int, default=100_000, help="records a round of landing")
    parser.add_argument(
        "--rounds", type=int, default=5, help=f"rounds of each measurement, at least {FEWEST_ROUNDS} for a verdict"
    )
    parser.add_argument("--only", choices=["paging", "landing"], help="one of the two")
    parser.add_argument("--write", action="store_true", help=f"replace the figures in {DOC.name}")
    chosen = parser.parse_args()
    if chosen.write and (chosen.only or chosen.rounds < FEWEST_ROUNDS):
        parser.error(f"--write keeps a verdict: it needs both measurements and at least {FEWEST_ROUNDS} rounds")
    figures: list[Figure] = []
    with warehouse(), company(chosen.scale) as crm:
        bodies = {stream: bodies_of(crm, stream, chosen.rows) for stream in STREAMS}
        if chosen.only != "landing":
            with vendor(bodies["activity_records"]) as prepared:
                figures += paging({"sandbox": crm, "prepared pages": prepared}, chosen.rounds)
        if chosen.only != "paging":
            figures += [figure for stream in STREAMS for figure in landing(stream, bodies[stream], chosen.rounds)]
    told = f"{_circumstances()}\n\n{table(figures)}"
    print(told)
    if chosen.write:
        DOC.write_text(DOC.read_text("utf-8").partition(MARK)[0] + MARK + "\n" + told, "utf-8")
    return 1 if any(figure.is_blocking for figure in figures) else 0


def _circumstances() -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    load = os.getloadavg()[0]
    return (
        f"`make bench-extract`, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit.strip()}, {os.cpu_count()} cores, "
        f"load {load:.1f} at the end (server, client and PostgreSQL share the cores)."
    )


if __name__ == "__main__":
    sys.exit(main())
