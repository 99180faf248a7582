"""`make bench-build`: what a night writes when 1 % of the deals changed, counted by PostgreSQL itself (pg_stat_user_tables, WAL).

A synthetic company is landed set-based, one deal in four open; then the features layer is built as the night builds it: a first day,
a day with 1 % changed, which is scored and gets its marts, then the closed history doubled and a day with as many changed. Out: one line a
claim; exit code 1 where one that blocks fails. The counters are those of the server, so they do not depend on how busy the machine is.
"""

import argparse
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial

from bench import build_snapshot
from bench.build_counts import SPINE, Counts, checkpoint, count_no_cleaning, counted, open_deals, settle, wal_bytes
from bench.build_deals import change, double_closed, land
from bench.build_marts import Outcome, finish
from config.settings import ROOT, settings, use
from nightly import dbt_engine
from sandbox import postgres
from warehouse.migrate import migrate

HOME = ROOT / "var" / "bench" / "build"
DOC = ROOT / "docs" / "build-cost.md"
MARK = "## Measured\n"
FIRST = date(2026, 1, 5)
SHARE = 0.01
# The layers of the selector `features`, one after the other.
LOWER = ["--select", "path:seeds", "path:models/staging", "path:models/intermediate"]
UPPER = ["--select", "path:models/features"]
HISTORY, HEADERS = "stg_fxiaoke__opportunities", "int_opportunity_versions"
MOST_WRITTEN, MOST_GROWTH, LEAST_AHEAD = 3.0, 1.10, 10.0


@dataclass(frozen=True)
class Claim:
    """One part of what a build may cost; one that does not hold blocks."""

    name: str
    figure: float
    limit: str
    holds: bool


def main() -> int:
    """Run the days, print the claims, keep them in docs/build-cost.md when asked to."""
    parser = argparse.ArgumentParser(prog="python -m bench.build", description=__doc__)
    parser.add_argument("--deals", type=int, default=100_000, help="opportunities of the company")
    parser.add_argument("--write", action="store_true", help=f"replace the figures in {DOC.name}")
    chosen = parser.parse_args()
    HOME.mkdir(parents=True, exist_ok=True)
    use(home=str(HOME), tenant=f"build_{chosen.deals}_{datetime.now(UTC):%H%M%S}", history="none")
    postgres.start()
    settings.cache_clear()
    try:
        migrate()
        count_no_cleaning()
        told, code = report(measure(chosen.deals), chosen.deals)
    finally:
        postgres.stop()
    print(told)
    if chosen.write:
        DOC.write_text(DOC.read_text("utf-8").partition(MARK)[0] + MARK + "\n" + told + "\n", "utf-8")
    return code


def measure(deals: int) -> list[Claim]:
    """The claims on a company of `deals`."""
    changed = round(deals * SHARE)
    days = [FIRST + timedelta(days=ahead) for ahead in range(5)]
    land(deals, days[0])
    settle()
    _built(days[0])
    settle()
    change(changed, days[1])
    night, features = (_counting(partial(_build, days[1], layers)) for layers in (LOWER, UPPER))
    opened = open_deals()
    rest = finish(days[1], HOME, _counting)
    rivals = _beside_a_snapshot(changed, days[2])
    double_closed(deals, days[2])
    _built(days[2])
    change(changed, days[3])
    doubled = _built(days[3])
    for of in ("written", "read"):
        print(f"rows {of}, the most:", *night.dearest(of), sep="\n  ")
    return [
        *_of_a_night(night, features, changed, opened),
        *_of_the_rest(rest, opened),
        _growth(night, doubled),
        *rivals,
    ]


def _of_a_night(night: Counts, features: Counts, changed: int, opened: int) -> list[Claim]:
    worst = max(night.histories.values())
    rows, spine = features.tables["features.opportunity_features"].written, night.tables[SPINE].written
    return [
        Claim("the history of staging and intermediate that writes most: rows written ÷ rows changed", worst / changed,
              f"≤ {MOST_WRITTEN:g}", worst <= MOST_WRITTEN * changed),
        Claim("staging and intermediate, other than histories and spine: rows written ÷ rows changed", night.others / changed,
              f"≤ {MOST_WRITTEN:g}", night.others <= MOST_WRITTEN * changed),
        Claim("landing, staging and intermediate: rows read ÷ rows there", night.read / night.base, "≤ 2", night.read <= 2 * night.base),
        Claim("the same, read by the features", features.read / night.base, "shown", holds=True),
        Claim("the spine: rows written ÷ open deals", spine / opened, "shown", holds=True),
        Claim("features: rows written ÷ open deals", rows / opened, "1", rows == opened),
        Claim("WAL of all these ÷ rows changed (bytes)", (night.wal + features.wal) / changed, "shown", holds=True),
    ]  # fmt: skip


def _of_the_rest(rest: Outcome, opened: int) -> list[Claim]:
    return [
        Claim("scores: rows written ÷ open deals", rest.scores / opened, "1", rest.scores == opened),
        Claim("marts: rows written ÷ rows they hold", rest.marts / rest.rows, "1", rest.marts == rest.rows),
        Claim("marts: WAL bytes ÷ bytes they hold", rest.wal / rest.size, "shown", holds=True),
    ]  # fmt: skip


def _growth(night: Counts, doubled: Counts) -> Claim:
    growth = sum(doubled.histories.values()) / max(sum(night.histories.values()), 1)
    name = "closed history doubled: rows written in histories, after ÷ before"
    return Claim(name, growth, f"≤ {MOST_GROWTH:g}", growth <= MOST_GROWTH)


def _beside_a_snapshot(changed: int, day: date) -> list[Claim]:
    """The deals' history kept by us and by `dbt snapshot` through the same change; ours, a view, is read as well."""
    home = HOME / "snapshot"
    build_snapshot.prepare(home)
    for strategy in build_snapshot.STRATEGIES:
        build_snapshot.snapshot(home, strategy)
    change(changed, day)
    settle()

    def shown() -> None:
        _build(day, ["--select", HISTORY, "--exclude-resource-type", "test"])
        build_snapshot.read_ours(HISTORY, day, changed)

    ours = _counting(shown)
    headers = _counting(lambda: _build(day, ["--select", HEADERS, "--exclude-resource-type", "test"]))
    claims = []
    for strategy in build_snapshot.STRATEGIES:
        theirs = _counting(partial(build_snapshot.snapshot, home, strategy))
        rows = theirs.touched(("landing.", build_snapshot.SCHEMA)) / ours.touched(("landing.", "staging.", "kept."))
        name = f"the deals' history: %s of `dbt snapshot` (strategy {strategy}) ÷ ours"
        claims += [
            Claim(name % "rows read and written", rows, f"≥ {LEAST_AHEAD:g}", rows >= LEAST_AHEAD),
            Claim(name % "WAL bytes", theirs.wal / ours.wal, f"≥ {LEAST_AHEAD:g}", theirs.wal >= LEAST_AHEAD * ours.wal),
            Claim(name % "WAL bytes" + f" and of {HEADERS}", theirs.wal / (ours.wal + headers.wal), "shown", holds=True),
        ]  # fmt: skip
    return claims


def _built(day: date) -> Counts:
    """Build the features layer of a day; returns what that cost."""
    return _counting(lambda: _build(day, ["--selector", "features"]))


def _counting(done: Callable[[], None]) -> Counts:
    """What `done` cost, from a checkpoint on."""
    checkpoint()
    before, wal = counted(), wal_bytes()
    done()
    return counted().since(before, wal_bytes() - wal)


def _build(day: date, selected: list[str]) -> None:
    given: dict[str, str | int] = {
        "as_of": day.isoformat(),
        "feature_from": day.isoformat(),
        "feature_to": day.isoformat(),
    }
    faults = dbt_engine.build(selected, given, HOME / "parsed", HOME / "state")
    if faults:
        raise SystemExit(f"dbt could not build {day}: {faults[0]}")


def report(claims: list[Claim], deals: int) -> tuple[str, int]:
    """The claims as Markdown, and the exit code."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    lines = [
        f"`python -m bench.build --deals {deals}`, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit.strip()}.",
        "",
    ]
    lines += ["| Claim | figure | limit | verdict |", "|---|---|---|---|"]
    for each in claims:
        verdict = "holds" if each.holds else "BLOCKS"
        lines.append(
            f"| {each.name} | {each.figure:,.2f} | {each.limit} | {'–' if each.limit == 'shown' else verdict} |"
        )
    return "\n".join(lines), int(not all(each.holds for each in claims))


if __name__ == "__main__":
    raise SystemExit(main())
