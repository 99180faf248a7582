"""Memory of a process of ours: how much it held at its highest, and whether it ended because there was no more.

In: this process with the children that it waited for, or what it raised. Out: bytes, or the sentence to act on. A program that a signal
ended says nothing itself; who waited for it says `KILLED`.
"""

import resource
import sys
from collections.abc import Iterator
from pathlib import Path

SIGNS = ("cannot allocate memory", "failed to map segment", "bad_alloc", "can't start new thread", "out of memory")
KILLED = "most likely memory ran out: give it more (the container's or the service's limit)"
_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss


def peak_rss_bytes() -> int:
    """The most that this process, or one of the children it waited for, has held at once."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _UNIT
    return max(_own(), children)


def _own() -> int:
    """Where the system tells it, of this program alone: `ru_maxrss` also counts what stood in the process before it."""
    try:
        status = Path("/proc/self/status").read_text("ascii", "replace")
    except OSError:
        status = ""
    told = next((line for line in status.splitlines() if line.startswith("VmHWM:")), None)
    return int(told.split()[1]) * 1024 if told else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT


def ran_out(error: BaseException) -> bool:
    """Whether an error, or what it came from, is that there was no more memory for this process."""
    return any(_is_want(each) for each in _chain(error))


def _is_want(error: BaseException) -> bool:
    if isinstance(error, MemoryError):
        return True
    is_servers = getattr(error, "sqlstate", None) is not None  # PostgreSQL's own memory is another's
    return not is_servers and any(sign in str(error).lower() for sign in SIGNS)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def sentence(what: str) -> str:
    """What to do when `what` ran out of memory."""
    return (
        f"{what} ran out of memory (at its highest it held {peak_rss_bytes() / 1e6:.0f} MB): give it more (`ulimit -v`, "
        "the container's or the service's limit), then rerun; nothing is half done"
    )
