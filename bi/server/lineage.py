"""Where a figure comes from, drawn: the models above a mart, or the columns above a column, down to the fields of the raw records.

In: `<SUPERSET_HOME>/lineage.json`, which `python -m warehouse.lineage --keep` writes after `make bi`. Out: what `lineage.html` draws. It
holds names and no data. Boxes stand in layers: what is read stands left of what reads it.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y = 250, 24, 60, 8
MOST_BOXES = 400


@dataclass(frozen=True)
class Box:
    """A model, source or column in the drawing; `link` where there is more to see."""

    name: str
    x: int
    y: int
    link: str | None


@dataclass(frozen=True)
class Drawing:
    """Boxes and the lines between them, as SVG needs them; `doubts` are what could not be told."""

    width: int
    height: int
    boxes: list[Box]
    lines: list[str]
    doubts: dict[str, str]


def read(path: Path) -> dict[str, Any] | None:
    """The lineage that was kept; None while it is not there yet."""
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def models(kept: dict[str, Any]) -> list[str]:
    """Every model, those of marts first."""
    found = {model for edge in kept["models"] for model in edge if "." not in model}
    return sorted(found, key=lambda name: (name.startswith(("stg_", "int_", "feat_", "sync_")), name))


def columns(kept: dict[str, Any], model: str) -> list[str]:
    """The columns of a model that something is known of."""
    told = {column for edge in kept["columns"] for column in edge} | set(kept["untold"])
    return sorted(column.rpartition(".")[2] for column in told if column.rpartition(".")[0] == model)


def draw(kept: dict[str, Any], name: str) -> Drawing:
    """The drawing of everything above a model, or above `model.column`."""
    is_column = "." in name
    above = _above(kept["columns" if is_column else "models"], name)
    layers: dict[int, list[str]] = {}
    for each, depth in _depths(above, name).items():
        layers.setdefault(depth, []).append(each)
    last = max(layers)
    places = {
        each: (20 + (last - depth) * (BOX_WIDTH + GAP_X), 20 + row * (BOX_HEIGHT + GAP_Y))
        for depth, names in layers.items() for row, each in enumerate(sorted(names))
    }  # fmt: skip
    lines = [_line(places[parent], places[child]) for child, parents in above.items() for parent in parents]
    tallest = max(len(names) for names in layers.values())
    return Drawing(
        20 + (last + 1) * (BOX_WIDTH + GAP_X),
        40 + tallest * (BOX_HEIGHT + GAP_Y),
        [Box(each, *place, _link(kept, each, is_column=is_column)) for each, place in places.items()],
        lines,
        {each: kept["untold"][each] for each in places if each in kept["untold"]},
    )


def _above(edges: list[list[str]], name: str) -> dict[str, list[str]]:
    """What each thing above `name` is made of, nearest first, up to as many as can be looked at."""
    made: dict[str, list[str]] = {}
    for parent, child in edges:
        made.setdefault(child, []).append(parent)
    found: dict[str, list[str]] = {}
    queue = [name]
    while queue and len(found) < MOST_BOXES:
        each = queue.pop(0)
        if each not in found:
            found[each] = list(dict.fromkeys(made.get(each, [])))
            queue += found[each]
    return {each: [parent for parent in parents if parent in found] for each, parents in found.items()}


def _depths(above: dict[str, list[str]], name: str) -> dict[str, int]:
    """How many steps each thing lies above `name`, on the longest way: so that every line goes from left to right."""
    depths = {name: 0}
    for _ in above:
        farther = {
            parent: depths[child] + 1
            for child in list(depths) for parent in above[child] if depths.get(parent, 0) < depths[child] + 1
        }  # fmt: skip
        if not farther:
            break
        depths |= farther
    return depths


def _line(left: tuple[int, int], right: tuple[int, int]) -> str:
    x1, y1 = left[0] + BOX_WIDTH, left[1] + BOX_HEIGHT // 2
    x2, y2 = right[0], right[1] + BOX_HEIGHT // 2
    middle = (x1 + x2) // 2
    return f"M{x1},{y1} C{middle},{y1} {middle},{y2} {x2},{y2}"


def _link(kept: dict[str, Any], name: str, *, is_column: bool) -> str | None:
    if not is_column:
        return None if "." in name else f"/lineage/{name}"
    model, _, column = name.rpartition(".")
    return None if name in kept["sources"] else f"/lineage/{model}/{column}"
