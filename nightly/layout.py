"""How figures and tables look on a terminal: 万元 and millions, percentages, columns that allow for wide characters."""

from decimal import Decimal
from typing import Any
from unicodedata import east_asian_width

LONGEST = 44


def money(value: Any, lang: str, *, signed: bool = False) -> str:
    """`value` in base currency: 万元 in Chinese, millions in English; – when there is none."""
    if value is None:
        return "–"
    amount = Decimal(str(value))
    sign = "+" if signed and amount > 0 else ""
    return f"{sign}{amount / 10_000:,.1f} 万" if lang == "zh" else f"{sign}{amount / 1_000_000:,.3f} M"


def percent(share: float | None) -> str:
    """A probability as a percentage."""
    return "–" if share is None else f"{100 * share:.0f} %"


def points(change: float | None) -> str:
    """A change of probability in percentage points; a dot when nothing is known to compare with."""
    return "·" if change is None else f"{100 * change:+.0f}"


def width(text: str) -> int:
    """Columns that `text` takes on a terminal."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def shorten(text: str, limit: int = LONGEST) -> str:
    """`text` on one line, cut to `limit` columns; control characters are dropped, since names come from outside."""
    clean = "".join(character for character in " ".join(text.split()) if character.isprintable())
    if width(clean) <= limit:
        return clean
    kept = ""
    for character in clean:
        if width(kept + character) > limit - 1:
            break
        kept += character
    return kept + "…"


def columns(rows: list[list[str]]) -> list[str]:
    """Rows as aligned lines, indented by two; the last cell of a row keeps its length."""
    cut = [[shorten(cell, 200 if number >= 5 else LONGEST) for number, cell in enumerate(row)] for row in rows]
    widths = [max(width(row[number]) for row in cut if number < len(row)) for number in range(max(map(len, cut)))]
    return [
        "  " + "  ".join(cell + " " * (widths[number] - width(cell)) for number, cell in enumerate(row)).rstrip()
        for row in cut
    ]
