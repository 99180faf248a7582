"""Commands of the models: train, score, forecast, compare. Each takes the business day and may run twice."""

import argparse
from datetime import date

from warehouse.steps import recorded, run_cli


def main() -> None:
    """Entry point of `python -m ml`."""
    arguments = _parser().parse_args()
    is_asked = arguments.command == "train" and not arguments.if_missing  # by the week or a person: no step of a night
    with recorded("retrain" if is_asked else arguments.command, arguments.as_of) as run:
        match arguments.command:
            case "train":
                from ml.train import train

                train(arguments.as_of, run, if_missing=arguments.if_missing)
            case "score":
                from ml.score import score

                score(arguments.as_of, run)
            case "forecast":
                from ml.forecast import forecast

                forecast(arguments.as_of, run)
            case "compare":
                from ml.compare import compare

                compare(arguments.as_of, run)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ml", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser(
        "train", help="train the win model on what was known on a day, and promote it if it passes the gate"
    )
    training.add_argument(
        "--if-missing", action="store_true", help="do nothing when a promoted model of that day or before is at hand"
    )
    scoring = commands.add_parser("score", help="score the day's open deals with the build's model")
    landing = commands.add_parser("forecast", help="where the period will land at every node, from this build's scores")
    comparing = commands.add_parser(
        "compare", help="score a published day again by its own model: an upgrade's question"
    )
    for command in (training, scoring, landing, comparing):
        command.add_argument(
            "--as-of", type=date.fromisoformat, required=True, metavar="D", help="business day, YYYY-MM-DD"
        )
    return parser


if __name__ == "__main__":
    run_cli(main)
