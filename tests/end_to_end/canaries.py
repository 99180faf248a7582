"""Where secrets and persons of a company can be found after its nights, beside the places that are theirs.

In: settings that point at the company's home and database. Out: places, as `python -m warehouse erase` looks for them, in every table
and every file.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from config.settings import settings
from warehouse.erasure import places
from warehouse.redaction import known_secrets

THEIRS = ("runtime.env", "pgpass", "keys", "tokens")  # files and folders of secrets, the owner's alone


def phones_of(home: Path, count: int = 20) -> list[str]:
    """Phones of people who asked for an offer, as the company's own file has them."""
    leads = "select distinct json_extract(body, '$.mobile') from current where object = 'LeadsObj' order by 1 limit ?"
    with closing(sqlite3.connect(home / "sandbox" / "company.sqlite", timeout=60)) as connection:
        return [str(phone) for (phone,) in connection.execute(leads, (count,))]


def secrets_in_use(home: Path) -> list[str]:
    """Secrets of the settings in force, and the keys that services drew for themselves."""
    drawn = [path.read_text("utf-8").strip() for path in sorted((home / "airflow" / "keys").glob("*"))]
    return [*known_secrets(), *drawn]


def found_outside(values: Sequence[str]) -> list[str]:
    """Places that hold one of `values` and are neither the vault nor a file of secrets."""
    vault, home = f"{settings().pg_database} vault.", settings().home
    return [
        place
        for place, _ in places(values)
        if not place.startswith(vault)
        and not (Path(place).is_absolute() and set(Path(place).relative_to(home).parts) & set(THEIRS))
    ]
