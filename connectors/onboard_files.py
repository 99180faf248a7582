"""What onboarding writes for a person to read, correct and use: the mapping, the stages as a settings workbook, the fields to create.

In: a plan. Out: the text of `<system>.yml`, `stages.xlsx` for `python -m warehouse.settings apply`, `fields_to_create.csv` for the
administrator. Doubtful proposals carry their reason in a comment.
"""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

import yaml
from openpyxl import load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from config.settings import ROOT
from connectors.onboard_plan import Plan, StreamPlan
from warehouse import setting_book, setting_rows

WIDTH = 130
_GLUE = "\x1f"  # stands for the space that no line may be broken at
_DOUBTFUL = PatternFill("solid", fgColor="FFF2B3")


def mapping_text(plan: Plan) -> str:
    """The tenant's mapping file."""
    raw = yaml.safe_load((ROOT / "config" / "tenants" / "sandbox" / f"{plan.system}.yml").read_text("utf-8"))
    lines = [
        f"# What is read from the {plan.system} of {plan.tenant} and written to it, as `python -m connectors onboard` proposed it.",
        *_comment(f"Looked at: {plan.standard.looked_at}.", ""),
        "# `fields` are ours, which is what lands; `filled_by` says which field of the tenant fills one. Look at every doubtful line.",
        *(["defaults:"] if raw.get("defaults") else []),
        *(f"  {key}: {_flow(value)}" for key, value in raw.get("defaults", {}).items()),
        "streams:",
    ]
    for name, stream in plan.streams.items():
        lines += [f"  {name}:", *_stream(stream, raw["streams"][name])]
    if log := raw.get("stage_log"):
        known = plan.streams[log["stream"]]
        log["fixed_at_creation"] = [name for name in log["fixed_at_creation"] if name not in known.missing]
        lines += ["stage_log:", *(f"  {key}: {_flow(value)}" for key, value in log.items())]
    for entry in plan.template.write_backs:
        lines += _write_back(plan, entry, raw[entry])
    return "\n".join(lines) + "\n"


def _stream(plan: StreamPlan, raw: Mapping[str, Any]) -> Iterator[str]:
    yield f"    object: {_flow(plan.object)}{f' # {plan.label}' if plan.label else ''}"
    for key, value in raw.items():
        if key not in ("object", "fields", "filled_by", "classified"):
            yield f"    {key}: {_flow({**value, **plan.options} if key == 'options' else value)}"
    kinds = {name: kind for name, kind in plan.template.fields.items() if name in plan.proposals}
    pairs = ", ".join(f"{name}:{_GLUE}{kind}" for name, kind in kinds.items())
    folded = wrap(
        f"{{{pairs}}}", WIDTH, initial_indent="    fields: ", subsequent_indent=" " * 13, break_long_words=False
    )
    yield from (line.replace(_GLUE, " ") for line in folded)
    entries = [line for name in kinds for line in _filled(plan, name)]
    if any(not line.lstrip().startswith("#") for line in entries):
        yield "    filled_by:"
    elif raw.get("filled_by") == {}:  # the defaults name fields that this stream has not
        yield "    filled_by: {}"
    yield from entries
    classified = {name: kind for name, kind in plan.template.classified.items() if name not in plan.missing}
    if classified:
        yield f"    classified: {_flow(classified)}"
    if plan.missing:
        yield from _comment(f"no field fills {', '.join(plan.missing)}")
    if plan.sample.rows:
        counts = ", ".join(f"{name} {held.filled}" for name, held in plan.proposals.items())
        yield from _comment(f"filled in {len(plan.sample.rows)} records looked at: {counts}")
    if plan.unused:
        yield from _comment(f"filled in, but does not land: {', '.join(plan.unused)}")


def _comment(said: str, indent: str = "    ") -> list[str]:
    """A comment of one or more lines."""
    return [f"{indent}# {line}" for line in wrap(said, WIDTH, break_long_words=False, break_on_hyphens=False)]


def _filled(plan: StreamPlan, name: str) -> Iterator[str]:
    """The entry of one field, or only a comment where nothing differs but something is doubtful."""
    held = plan.proposals[name]
    entry: dict[str, Any] = {} if held.theirs.name == name else {"field": held.theirs.name}
    if held.scale is not None:
        entry["scale"] = int(held.scale)
    if plan.values.get(name):
        entry["values"] = dict(plan.values[name])
    said = ", ".join(filter(None, [held.theirs.label, held.theirs.type, f"{held.filled} of {held.sampled} filled"]))
    doubt = f"doubtful: {held.doubt}; " if held.doubt else ""
    if entry:
        yield f"      {name}: {_flow(entry)} # {doubt}{said}"
    elif doubt:
        yield f"      # {name}: {doubt}{said}"
    if passing := plan.passing.get(name):
        yield f"      # {name} lands as it came: {', '.join(f'{option.value} ({option.label})' for option in passing)}"


def _write_back(plan: Plan, entry: str, raw: Mapping[str, Any]) -> Iterator[str]:
    lacking = {each.key for each in plan.to_create if each.entry == entry}
    seen = (
        "no record looked at holds it: create it unless it is there"
        if plan.standard.is_sampled
        else "to be created first"
    )
    yield f"{entry}:"
    yield f"  object: {_flow(plan.target(entry))}"
    yield "  fields:"
    for key, target in raw["fields"].items():
        missing = f" # {seen}, see fields_to_create.csv" if key in lacking else ""
        yield f"    {key}: {_flow(target)}{missing}"


def _flow(value: Any) -> str:
    """A value on one line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6, sort_keys=False)
    return text.removesuffix("...\n").strip()


def write_stages(plan: Plan, path: Path) -> None:
    """The workbook of stages and record types; doubtful ones are coloured and carry their reason."""
    held = {at: value for at, value in setting_rows.defaults().items() if at[0] == "stage"}
    doubts: dict[tuple[str, str], str] = {}
    for kind, column, each in (
        *(("stage_map", "stage_code", each) for each in plan.stages),
        *(("interaction_kind", "channel", each) for each in plan.channels),
    ):
        key = "|".join(filter(None, [plan.system, each.process, each.value]))
        held[kind, key] = {column: each.code}
        doubts[kind, key] = "; ".join(filter(None, [f"{each.process_label} {each.label}".strip(), each.doubt]))
        if not each.doubt:
            doubts[kind, key] += ";"
    setting_book.export(path, held, [])
    book = load_workbook(path)
    for kind in ("stage_map", "interaction_kind"):
        for row in book[kind].iter_rows(min_row=2):
            key = "|".join(str(cell.value) for cell in row[:-1] if cell.value)
            if said := doubts.get((kind, key)):
                row[-1].comment = Comment(said.removesuffix(";"), "landfall")
                if not said.endswith(";"):
                    row[-1].fill = _DOUBTFUL
    book.save(path)


def write_fields(plan: Plan, path: Path) -> None:
    """The fields that an administrator creates for our scores."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["object", "field", "label", "type"])
        for each in plan.to_create:
            writer.writerow([each.object, each.field, each.wanted.label, each.wanted.type])
