"""Where charts stand on a page: Superset's grid of twelve columns, from rows of places.

In: rows of charts and texts with width and height, under tabs or not. Out: the position that a dashboard carries, and the number of
each chart in it. Under each chart stands its caption: Superset 6.1 shows a chart's description on no dashboard.
"""

from dataclasses import dataclass
from typing import Any

from bi.book import Place

CAPTION_HEIGHT = 6
Grid = dict[str, Any]
Rows = list[list[Place]]


@dataclass(frozen=True)
class Shown:
    """A chart as the grid needs it."""

    uuid: str
    title: str
    caption: str


def position(tabs: list[tuple[str, Rows]], shown: dict[str, Shown], title: str, lang: str) -> Grid:
    """The dashboard's position: the rows of one tab without a name stand on the page itself."""
    grid: Grid = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": []},
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": title}},
        "GRID_ID": {"id": "GRID_ID", "type": "GRID", "parents": ["ROOT_ID"], "children": []},
    }
    numbers = chart_numbers([row for _, rows in tabs for row in rows])
    if not tabs[0][0]:
        grid["ROOT_ID"]["children"].append("GRID_ID")
        _add_rows(grid, ["ROOT_ID", "GRID_ID"], tabs[0][1], shown, numbers, lang)
        return grid
    _add(grid, "TABS", "TABS", ["ROOT_ID"], {})
    for number, (name, rows) in enumerate(tabs, 1):
        inside = ["ROOT_ID", "TABS", f"TAB-{number}"]
        _add(grid, inside[-1], "TAB", inside[:-1], {"text": name})
        _add_rows(grid, inside, rows, shown, numbers, lang)
    return grid


def chart_numbers(rows: Rows) -> dict[str, int]:
    """Each chart's number within its page, which Superset turns into its own id when it loads the page."""
    names = [place.chart for row in rows for place in row if place.chart]
    return {name: number for number, name in enumerate(names, 1)}


def _add_rows(
    grid: Grid, parents: list[str], rows: Rows, shown: dict[str, Shown], numbers: dict[str, int], lang: str
) -> None:
    first = sum(each["type"] == "ROW" for each in grid.values() if isinstance(each, dict)) + 1
    for number, row in enumerate(rows, first):
        row_id = f"ROW-{number}"
        _add(grid, row_id, "ROW", parents, {"background": "BACKGROUND_TRANSPARENT"})
        for index, place in enumerate(row, 1):
            column_id, inside = f"COLUMN-{number}-{index}", [*parents, row_id]
            _add(grid, column_id, "COLUMN", inside, {"background": "BACKGROUND_WHITE", "width": place.width})
            size = {"width": place.width, "height": place.height}
            if place.chart:
                chart = shown[place.chart]
                known = {"uuid": chart.uuid, "sliceName": chart.title, "chartId": numbers[place.chart]}
                _add(grid, f"CHART-{place.chart}", "CHART", [*inside, column_id], size | known)
                size["height"] = CAPTION_HEIGHT
            text = shown[place.chart].caption if place.chart else place.text.in_(lang) if place.text else ""
            if text:
                _add(grid, f"MARKDOWN-{number}-{index}", "MARKDOWN", [*inside, column_id], size | {"code": text})


def _add(grid: Grid, name: str, kind: str, parents: list[str], meta: dict[str, Any]) -> None:
    grid[name] = {"id": name, "type": kind, "parents": parents, "children": [], "meta": meta}
    grid[parents[-1]]["children"].append(name)
