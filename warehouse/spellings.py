"""How a personal value may be written: as it is, inside JSON, and a phone number with and without country code and separators.

In: values as one of the sources wrote them. Out: texts to look for, and regular expressions that PostgreSQL and Python read alike. A
value of one character is refused: it would be found everywhere.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.steps import StepError

SHORTEST, SHORTEST_PHONE = 2, 7
_SEPARATOR, _SEPARATOR_IN_HEX = r"[\s().-]*", "(?:20|09|0a|0d|28|29|2d|2e)*"
_HOME = re.compile(r"^86(?=1\d{10}$|0?[2-9]\d{8,10}$)")  # China's code before a mobile, or before an area code
LONGEST_PHONE = 64  # bytes, with code and separators


@dataclass(frozen=True, slots=True)
class Spellings:
    """Values in all their spellings. `texts`: forms of every value; `cores`: a phone's digits without codes; `phones` and
    `phones_in_hex`: expressions that find a phone in a text and in a text of hexadecimal bytes."""

    values: list[str]
    texts: list[str]
    cores: list[str]
    phones: list[str]
    phones_in_hex: list[str]

    @property
    def in_bytes(self) -> list[bytes]:
        """The texts as files and raw bodies hold them."""
        return [text.encode() for text in self.texts]

    @property
    def digits(self) -> list[str]:
        """A phone's digits with all codes that may stand before them."""
        return [code + core for core in self.cores for code in ("", "0", "86", "0086", "860", "00860")]

    @property
    def in_rows(self) -> list[str]:
        """The texts as PostgreSQL prints a whole row: quotes and backslashes doubled, bytes as hexadecimal."""
        quoted = {text.replace("\\", "\\\\").replace('"', '""') for text in self.texts}
        return sorted({*self.texts, *quoted, *(form.hex() for form in self.in_bytes)})


def spellings(values: Sequence[str]) -> Spellings:
    """All spellings of `values`. Raises StepError for a value that is too short to look for."""
    for number, value in enumerate(values, 1):
        if len(value.strip()) < SHORTEST:
            raise StepError(
                f"value {number} of {len(values)} has one character and would be found everywhere: leave it out, then rerun"
            )
    cores = sorted({core for value in values if (core := _core(value))})
    return Spellings(
        values=list(values),
        texts=sorted({text for value in values for text in _in_json(value)}),
        cores=cores,
        phones=[
            rf"(?<![0-9])(?:(?:00)?8{_SEPARATOR}6{_SEPARATOR})?0?{_SEPARATOR}{_SEPARATOR.join(core)}(?![0-9])" for core in cores
        ],
        phones_in_hex=[
            f"(?<!3[0-9])(?:(?:3030)?3836{_SEPARATOR_IN_HEX})?(?:30)?{_SEPARATOR_IN_HEX}"
            f"{_SEPARATOR_IN_HEX.join(f'3{digit}' for digit in core)}(?!3[0-9])"
            for core in cores
        ],
    )  # fmt: skip


def _in_json(value: str) -> set[str]:
    """The value, and what is between the quotes of JSON that holds it, or that holds JSON that holds it."""
    escaped = json.dumps(value)[1:-1]
    once = {value, escaped, json.dumps(value, ensure_ascii=False)[1:-1], escaped.replace("/", r"\/")}
    once.add(re.sub(r"\\u[0-9a-f]{4}", lambda found: rf"\u{found[0][2:].upper()}", escaped))
    return once | {json.dumps(text, ensure_ascii=False)[1:-1] for text in once}


def _core(value: str) -> str | None:
    """The digits of a phone without the codes that a writer may leave out; None for what is no phone."""
    plain = unicodedata.normalize("NFKC", value)
    if not set(plain) <= set("0123456789 ()+.-"):
        return None
    digits = "".join(filter(str.isdigit, plain)).removeprefix("00")
    core = _HOME.sub("", digits)
    return core.removeprefix("0") if len(core) >= SHORTEST_PHONE else None
