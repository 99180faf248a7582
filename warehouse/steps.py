"""What every step shares: a record of its run in `ops.step_runs`, and exit codes that mean something.

0 done · 1 a fault, one sentence on stderr · 2 wrong usage (argparse) · 3 a gate blocked.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from psycopg import OperationalError
from psycopg.types.json import Jsonb

from config.secret_files import SecretFileError
from warehouse import memory, step_log
from warehouse.connection import DatabaseUnreachableError, connect
from warehouse.redaction import RedactingStream, known_secrets, redacted

# Which role runs a step; dbt and the warehouse's own steps run as transformer.
ROLE_OF_STEP = {
    "history": "loader",
    "extract": "loader",
    "train": "ml",
    "retrain": "ml",
    "score": "ml",
    "forecast": "ml",
    "backtest": "ml",
    "compare": "ml",
    "write_back": "writeback",
    "notify": "writeback",
}
# The session bears the run's number as long as the step lives: a run that is "running" and has none was killed.
_BEGIN = """
    with begun as (select ops.begin_step(%s, %s) as run_id)
    select run_id, set_config('application_name', 'landfall step ' || run_id, false) from begun
"""


class StepError(Exception):
    """A fault a person can act on; the message names the thing and the next action."""


class GateBlocked(Exception):  # noqa: N818 - a verdict, not a malfunction
    """A gate did its work and said no; the message names table, check, figures and next action."""


@dataclass
class StepRun:
    """One execution of a step; `note` keeps counts (never values of records) for the summary."""

    step: str
    as_of: date
    detail: dict[str, Any] = field(default_factory=dict)

    def note(self, **counts: Any) -> None:
        """Keep named counts with the run."""
        self.detail |= counts


@contextmanager
def recorded(step: str, as_of: date) -> Iterator[StepRun]:
    """Record one run of `step` for business day `as_of`: running, then done, failed or blocked."""
    run, began = StepRun(step, as_of), datetime.now(UTC)
    role = "checker" if step.startswith("gate_") else ROLE_OF_STEP.get(step, "transformer")
    with connect(role, autocommit=True) as connection:
        found = connection.execute(_BEGIN, (as_of, step)).fetchone()
        run_id = found[0] if found else None
        state = "failed"
        try:
            yield run
            state = "done"
        except GateBlocked:
            state = "blocked"
            raise
        except StepError as error:
            # written for people: names the thing and the next action, no value
            run.note(error=type(error).__name__, said=redacted(str(error), known_secrets()))
            raise
        except Exception as error:
            run.note(error=type(error).__name__)
            if not memory.ran_out(error):
                raise
            run.note(said=memory.sentence(f"the step {step}"))
            raise StepError(run.detail["said"]) from error
        finally:
            peak = memory.peak_rss_bytes()
            connection.execute("select ops.end_step(%s, %s, %s, %s)", (run_id, state, Jsonb(run.detail), peak))
            step_log.append(step, as_of, state, began, run.detail, peak)


def run_cli(main: Callable[[], int | None]) -> None:
    """Run a command line and exit: faults a person can act on become one sentence, anything else keeps its traceback.

    What the process prints and logs passes our own filter (`redaction.py`).
    """
    code, said = 0, ""
    try:
        _filter_output()
        code = main() or 0
        sys.stdout.flush()
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except GateBlocked as verdict:
        code, said = 3, str(verdict)
    except (StepError, DatabaseUnreachableError, SecretFileError) as error:
        code, said = 1, str(error)
    except OperationalError as error:
        code, said = 1, _unusable(error)
    except Exception as error:
        if not memory.ran_out(error):  # before a step began: a program that does not fit at all
            raise
        code, said = 1, memory.sentence(_typed())
    sys.stdout.flush()  # the sentence to act on comes last, also where both streams share a file
    if said:
        print(said, file=sys.stderr)
    sys.exit(code)


def _typed() -> str:
    return " ".join(["python -m", Path(sys.argv[0]).parent.name, *sys.argv[1:2]])


def _filter_output() -> None:
    known = known_secrets()
    sys.stdout = RedactingStream(sys.stdout, known, is_strict=False)
    sys.stderr = RedactingStream(sys.stderr, known, is_strict=True)


def _unusable(error: OperationalError) -> str:
    """What to do when PostgreSQL stops in the middle of a step: the step's transaction is gone as a whole, so a rerun is safe."""
    said = next(iter(str(error).strip().splitlines()), type(error).__name__)
    is_full = "No space left" in str(error)
    action = (
        "make room on its disk"
        if is_full
        else "read its log (embedded: <home>/postgres/server.log) and see that it runs"
    )
    return f"PostgreSQL could not go on ({said}): {action}, then rerun; nothing is half done"
