"""What a long reading tells on its way; a short one says nothing."""

from connectors.progress import EVERY_S, Progress


class Clock:
    """Seconds that pass when a test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def told(progress: Progress, rows: int, share: float | None) -> str | None:
    return progress.line(rows=rows, pages=rows // 100, requests=rows // 100 + 3, waits=2, share=share)


def test_a_reading_that_is_soon_over_says_nothing() -> None:
    clock = Clock()
    progress = Progress("fxiaoke leads", clock)
    clock.now += EVERY_S - 1
    assert told(progress, 5000, 0.9) is None


def test_a_long_reading_tells_its_counts_now_and_then_and_how_long_it_goes_on() -> None:
    clock = Clock()
    progress = Progress("fxiaoke leads", clock)
    assert told(progress, 5000, 0.1) is None
    clock.now += 200
    assert told(progress, 25_000, 0.5) == (
        "fxiaoke leads: 25,000 rows in 250 pages so far, 253 requests, 2 waits, 50% read, about 4 min left"
    )
    clock.now += 1
    assert told(progress, 26_000, 0.52) is None


def test_where_the_whole_is_unknown_the_counts_stand_alone() -> None:
    clock = Clock()
    progress = Progress("kingdee orders", clock)
    clock.now += EVERY_S
    assert told(progress, 2000, None) == "kingdee orders: 2,000 rows in 20 pages so far, 23 requests, 2 waits"
