"""`python -m bi bundle --out FILE`: writes what Superset is given, with the columns that the published marts have now."""

import argparse
import json
from pathlib import Path

from bi.book import Book, book
from bi.bundle import Columns, bundle, query
from config.settings import settings
from warehouse.page_queries import columns_of
from warehouse.steps import run_cli


def main() -> int:
    """Write the bundle."""
    parser = argparse.ArgumentParser(prog="python -m bi", description=__doc__)
    parser.add_argument("command", choices=["bundle"])
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="JSON file to write")
    given = parser.parse_args()
    lang = settings().lang
    made = bundle(book(), columns_now(book(), lang), lang)
    given.out.write_text(json.dumps(made, ensure_ascii=False), "utf-8")
    print(f"{len(book().pages)} pages, {len(book().datasets)} datasets in {given.out}")
    return 0


def columns_now(described: Book, lang: str) -> Columns:
    """Name and type of every column of every dataset, asked of the database."""
    asked = {
        name: query(described, dataset, lang) or f"select * from published.{dataset.mart}"  # noqa: S608 - our own descriptions
        for name, dataset in described.datasets.items()
    }
    return columns_of(asked)


if __name__ == "__main__":
    run_cli(main)
