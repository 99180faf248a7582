"""Fixtures of the warehouse's tests."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.warehouse.books import DAY, Fill, Row, filled
from tests.warehouse.nights import MODEL, Nights
from tests.warehouse.organisation import PARENTS, keep_calendar, organise


@pytest.fixture(scope="module")
def nights(tenant_database: str) -> Nights:
    """A tenant whose champion of 1 January 2026 is `win-1`."""
    nights = Nights(tenant_database)
    nights.execute("ml", MODEL.format(name="win-1", as_of="2026-01-01"))
    return nights


@pytest.fixture(scope="module")
def promote(nights: Nights) -> Callable[[str, date], None]:
    """Promote another model on a day."""
    return lambda name, as_of: nights.execute("ml", MODEL.format(name=name, as_of=as_of))


@pytest.fixture(scope="module")
def tenant(nights: Nights) -> Nights:
    """A tenant with an organisation and no settings of its own."""
    organise(nights, DAY, PARENTS)
    keep_calendar(nights)
    return nights


@pytest.fixture
def fill(tenant: Nights, tmp_path: Path) -> Fill:
    """fill(row, …, as_of=DAY): a new workbook of what holds, with those cells overwritten."""
    numbers = iter(range(1000))

    def run(*rows: Row, as_of: date = DAY) -> Path:
        return filled(tmp_path / f"settings-{next(numbers)}.xlsx", rows, as_of)

    return run
