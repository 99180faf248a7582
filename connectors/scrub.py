"""What names a person inside a text that is landed as it is, as a deal's title: a phone, a mail address, a WeChat id, an identity number.

In: text. Out: the same with each of them masked. A mobile number of the mainland stands alone and begins 13 to 19; an identity number has a
birth date and its check digit (GB 11643); longer runs of digits and letters, as of orders and credit codes, are none, but a hyphen or a dot
before a number does not protect it.
"""

import re
from collections.abc import Iterable
from datetime import date

from warehouse.redaction import MOBILE

_ALONE, _END = r"(?<![\dA-Za-z_])", r"(?![\dA-Za-z_])"
_FOUND = re.compile(
    rf"(?P<mail>{_ALONE}[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    rf"|(?P<identity>{_ALONE}\d{{17}}[\dXx]{_END})"
    rf"|(?P<phone>{_ALONE}{MOBILE}{_END})"
    rf"|(?P<chat>{_ALONE}wxid_[0-9A-Za-z]{{6,}}|(?<=微信)[号:： ]{{0,3}}[A-Za-z][-_0-9A-Za-z]{{5,19}}{_END})"
)
# What no match of `_FOUND` does without; each is found ten times faster than where a match may begin.
_MOBILE, _LONG = re.compile(r"[1１][3-9３-９]\d(?:[- ]?\d{4}){2}"), re.compile(r"\d\d{16}")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
SPOKEN = {"name", "account_name", "fname", "title", "subject"}  # last part of the name of a field that people type into


def is_spoken(field: str) -> bool:
    """Whether people type free words into a field of this name."""
    return field.rpartition(".")[2].lower() in SPOKEN


def may_name_a_person(values: Iterable[object]) -> bool:
    """Whether `scrubbed` would look closer at one of the texts among `values`."""
    text = "\n".join([value for value in values if isinstance(value, str)])
    return _is_worth_a_look(text) and _FOUND.search(text) is not None


def scrubbed(text: str) -> str:
    """`text` with everything that names a person masked: `138****5678`, `****`."""
    return _FOUND.sub(_masked, text) if _is_worth_a_look(text) else text


def _is_worth_a_look(text: str) -> bool:
    is_written = "@" in text or "wxid_" in text or "微信" in text
    return is_written or _MOBILE.search(text) is not None or _LONG.search(text) is not None


def _masked(found: re.Match[str]) -> str:
    kind, said = str(found.lastgroup), found.group()
    if kind == "identity":
        return "****" if _is_identity(said) else said
    if kind == "phone":
        digits = "".join(character for character in said if character.isdigit())[-11:]
        return f"{digits[:3]}****{digits[-4:]}"
    return "****"


def _is_identity(number: str) -> bool:
    """Whether 18 characters are an identity number: a day of birth, and the check digit of GB 11643."""
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    rest = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False)) % 11
    return born.year >= 1900 and "10X98765432"[rest] == number[17].upper()
