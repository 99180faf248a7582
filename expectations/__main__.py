"""Commands of the gates: `python -m expectations landing|features|marts --as-of D`. Exit code 3 when a gate blocks.

Great Expectations takes nine seconds to import, so every border is one process that runs all its suites.
"""

import argparse
import os
import re
from datetime import date

from warehouse.steps import recorded, run_cli


def main() -> None:
    """Entry point of `python -m expectations`."""
    arguments = _parser().parse_args()
    border, as_of = arguments.border, arguments.as_of
    with recorded(f"gate_{border}", as_of) as run:
        sentence = decide(border, as_of, arguments.accept_empty if border == "landing" else [])
        run.note(verdict="passed")
        print(sentence)


def decide(border: str, as_of: date, accepted_empty: list[str]) -> str:
    """Run one border's gate for `as_of`; returns its sentence, raises GateBlocked. Imports only what that border needs."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # before the import: a night makes no outside connection
    from expectations.gate import Gate

    if border == "landing":
        from expectations.suites import landing
        from expectations.walks import move_watermarks

        note = f"; accepted as empty by hand: {', '.join(accepted_empty)}" if accepted_empty else ""
        return Gate("landing", as_of, note=note).decide(
            lambda: landing.suites(as_of, accepted_empty), lambda connection: move_watermarks(connection, as_of)
        )
    if border == "features":
        from expectations.suites import features, leads

        return Gate("features", as_of).decide(lambda: [*features.suites(as_of), leads.feature_suite(as_of)])
    from expectations.suites import borders, leads, marts, scores
    from warehouse.builds import current_build

    build = current_build(as_of)
    return Gate("marts", as_of, build.build_id).decide(
        lambda: [borders.suite(build), *scores.suites(build), leads.score_suite(build), *marts.suites(build)]
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m expectations", description=__doc__)
    borders = parser.add_subparsers(dest="border", required=True)
    landing = borders.add_parser("landing", help="did the world send something sane? moves the watermarks when passed")
    landing.add_argument(
        "--accept-empty",
        type=_stream,
        action="append",
        default=[],
        metavar="SYSTEM.STREAM",
        help="vouch that this stream really had no records that day",
    )
    features = borders.add_parser("features", help="may the model be fed this?")
    marts = borders.add_parser("marts", help="may people and the CRM be told this? (suites scores and marts)")
    for border in (landing, features, marts):
        border.add_argument(
            "--as-of", type=date.fromisoformat, required=True, metavar="D", help="business day, YYYY-MM-DD"
        )
    return parser


def _stream(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not SYSTEM.STREAM, as in fxiaoke.leads")
    return text


if __name__ == "__main__":
    run_cli(main)
