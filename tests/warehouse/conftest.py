"""Fixtures of the warehouse's tests."""

from collections.abc import Callable
from datetime import date

import pytest

from tests.warehouse.nights import MODEL, Nights


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
