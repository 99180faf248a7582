"""A thread that makes the next items ready while this one uses what came before, so that a server and a reader are at work together.

In: items that are made one after the other, what this thread and that one do with each. Out: what came of them, in order, and what sets
the thread to work on the next.
"""

import gc
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")
Done = TypeVar("Done")
Begin = Callable[[], Any]
SELDOM = 100_000  # objects between two looks for cycles: among rows there are none, and looking took a quarter of the reading
SHORT_S = 0.0001  # a thread that was waiting for the server goes on after so long; at Python's 5 ms the server waited half of its time


def beside(
    items: Iterator[Item], here: Callable[[Item, Begin], Made], there: Callable[[Made], Done]
) -> Iterator[tuple[Done, Begin]]:
    """The items in order, each made by a thread beside, given to `here` in this one and finished by `there` in that one.

    `here` and whoever uses an item get with it what sets the thread to work on the next ones, to be called while they wait for the
    server: earlier, the thread would keep them from asking it. It is called for who does not. What breaks off comes behind the items that
    came before it."""
    with _thread() as thread:
        coming, waiting = thread.submit(next, items, None), None
        while True:
            reading = _Job(thread, partial(next, items, None))
            try:
                item = coming.result()
                finishing = None if item is None else _Job(thread, partial(there, here(item, reading.begin)))
            except Exception:
                if waiting is not None:
                    yield waiting.result(), _idle
                raise
            if finishing is not None and reading.is_begun:  # so much is to be done beside that it has begun already
                finishing.begin()
            if waiting is not None:
                yield waiting.result(), _idle if finishing is None else partial(_begin, reading, finishing)
            if finishing is None:
                return
            coming, waiting = reading.begin(), finishing.begin()


class _Job(Generic[Made]):
    """What the thread beside is to do, begun once."""

    def __init__(self, thread: ThreadPoolExecutor, job: Callable[[], Made]) -> None:
        self._thread, self._job, self._begun = thread, job, list[Future[Made]]()

    @property
    def is_begun(self) -> bool:
        """Whether the thread has been set to it."""
        return bool(self._begun)

    def begin(self) -> Future[Made]:
        """The job, begun now if it was not."""
        if not self._begun:
            self._begun.append(self._thread.submit(self._job))
        return self._begun[0]


def _begin(*jobs: _Job[Any]) -> None:
    for job in jobs:
        job.begin()


def _idle() -> None:
    """Nothing is left to do."""


@contextmanager
def _thread() -> Iterator[ThreadPoolExecutor]:
    """One thread more, under what two threads with many rows need; the process is left as it was."""
    former, patience = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(SELDOM, *former[1:])
    sys.setswitchinterval(SHORT_S)
    try:
        with ThreadPoolExecutor(1, "beside") as pool:
            yield pool
    finally:
        gc.set_threshold(*former)
        sys.setswitchinterval(patience)
