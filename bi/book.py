"""The descriptions of pages, charts and datasets, read from YAML and held to a shape.

In: `queries.yml`, `datasets/*.yml` (by the page that reads them first), `columns.yml`, `words.yml`, `filters.yml`, `pages/*.yml`. Out:
one `Book`. A chart names a dataset, a kind (`kinds.py`) and metrics; a metric names its definition (`metric_definition`), so that every
number can be traced to one.
"""

from csv import DictReader
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from config.settings import ROOT

FOLDER = Path(__file__).parent
DEFINITIONS = ROOT / "dbt_project" / "seeds" / "metric_definitions.csv"
Unit = Literal["money", "count", "rate", "times", "days", "text"]


class Described(BaseModel):
    """A description: what is not known is an error that names the file's key."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Described):
    """The same words in Chinese and English."""

    zh: str
    en: str

    def in_(self, lang: str) -> str:
        """The words in `lang`."""
        return self.zh if lang == "zh" else self.en


class Metric(Described):
    """A figure that charts show: SQL over a dataset, in base currency, and the definition it follows."""

    sql: str
    definition: str | None = None
    unit: Unit = "money"
    label: Text | None = None
    series: Text | None = None


class Dataset(Described):
    """Rows of published marts: one mart as it is, or a query over some; `marts` are those that a query reads, `orders` only sort."""

    label: Text
    mart: str | None = None
    sql: str | None = None
    metrics: dict[str, Metric] = {}
    orders: dict[str, str] = {}
    marts: list[str] = []
    day: str | None = None


class Chart(Described):
    """One chart; `given` is passed to its kind."""

    kind: str
    dataset: str
    title: Text
    says: Text
    definitions: list[str] = []
    given: dict[str, Any] = {}


class Place(Described):
    """Where a chart, or a text, stands in a row: width of twelve columns, height in grid steps of 8 px."""

    chart: str | None = None
    text: Text | None = None
    width: int
    height: int


class Tab(Described):
    """Rows that are asked for when somebody opens them."""

    title: Text
    rows: list[list[Place]]


class Page(Described):
    """One dashboard of `rows` or `tabs`, and its twin for a phone: the charts of `phone`, one below the other."""

    title: Text
    says: Text
    rows: list[list[Place]] = []
    tabs: list[Tab] = []
    phone: list[Place] = []
    filters: list[str] = []
    charts: dict[str, Chart]


class Filter(Described):
    """A filter above a page: it holds for charts whose dataset has its column, or for all with money (the unit, of which no row knows)."""

    label: Text
    dataset: str
    column: str
    order: str | None = None
    is_first_chosen: bool = False
    chosen: Text | None = None
    is_everywhere: bool = False


class Book(Described):
    """Everything that is described."""

    queries: dict[str, str]
    columns: dict[str, Text]
    values: dict[str, Text]
    colours: dict[str, str]
    filters: dict[str, Filter]
    datasets: dict[str, Dataset]
    pages: dict[str, Page]


@cache
def book() -> Book:
    """All descriptions of this folder; a page's file name is its id."""
    pages = {path.stem: _read(path) for path in sorted((FOLDER / "pages").glob("*.yml"))}
    datasets: dict[str, Any] = {}
    for path in sorted((FOLDER / "datasets").glob("*.yml")):
        told = _read(path)
        if twice := datasets.keys() & told.keys():
            raise ValueError(f"{path} describes {sorted(twice)} a second time: give it another name")
        datasets |= told
    told = {
        key: value for name in ("columns", "words", "filters") for key, value in _read(FOLDER / f"{name}.yml").items()
    }
    return Book(queries=_read(FOLDER / "queries.yml"), datasets=datasets, pages=pages, **told)


def _read(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return read


@cache
def definitions() -> dict[str, Text]:
    """The name of each definition id, as the seed of `metric_definition` has it."""
    with DEFINITIONS.open(encoding="utf-8") as lines:
        return {row["definition_id"]: Text(zh=row["name_zh"], en=row["name_en"]) for row in DictReader(lines)}
