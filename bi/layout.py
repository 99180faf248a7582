"""Where charts stand on a page: Superset's grid of twelve columns, from rows of places.

In: rows of charts and texts with width and height. Out: the position that a dashboard carries, and the number of each chart in it. Under
each chart stands its caption: Superset 6.1 shows a chart's description on no dashboard.
"""

from dataclasses import dataclass
from typing import Any

from bi.book import Place

CAPTION_HEIGHT = 6
Grid = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """A chart as the grid needs it."""

    uuid: str
    title: str
    caption: str


def position(rows: list[list[Place]], shown: dict[str, Shown], title: str, lang: str) -> Grid:
    """The dashboard's position."""
    grid: Grid = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": title}},
        "GRID_ID": {"id": "GRID_ID", "type": "GRID", "parents": ["ROOT_ID"], "children": []},
    }
    numbers = chart_numbers(rows)
    for number, row in enumerate(rows, 1):
        parents, row_id = ["ROOT_ID", "GRID_ID"], f"ROW-{number}"
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
    return grid


def chart_numbers(rows: list[list[Place]]) -> dict[str, int]:
    """Each chart's number within its page, which Superset turns into its own id when it loads the page."""
    names = [place.chart for row in rows for place in row if place.chart]
    return {name: number for number, name in enumerate(names, 1)}


def _add(grid: Grid, name: str, kind: str, parents: list[str], meta: dict[str, Any]) -> None:
    grid[name] = {"id": name, "type": kind, "parents": parents, "children": [], "meta": meta}
    grid[parents[-1]]["children"].append(name)
