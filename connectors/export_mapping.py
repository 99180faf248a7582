"""What onboarding writes and says of a folder of files: the mapping's text, with a reason beside what is doubtful.

A row of present states becomes two versions: what was fixed when the deal was created, known from then, and all of it, known from its
closing or, while it is open, from the day of reading.
"""

from typing import Any

import yaml

from config.settings import settings
from connectors.export_plan import FilePlan, Found
from connectors.file_mapping import STANDARD
from connectors.onboard_options import CLOSED
from warehouse import setting_rows

FIXED = (
    "id",
    "name",
    "account_id",
    "account_name",
    "sales_process",
    "product_line",
    "lead_source",
    "created_at",
    "is_renewal",
)
MADE_UP = "id"  # of a log's rows: made of their other fields
AT_CREATION = "(created)"  # the value of a stage that the export does not tell: every deal began in the first


class _Plain(yaml.SafeDumper):
    """Writes a value out each time: a person reads and edits the file."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def mapping_text(plan: FilePlan) -> str:
    """The mapping file of `plan`."""
    told = [
        f"{found.name}.{ours} ← {held.theirs.name}: {held.doubt}"
        for found in plan.streams
        for ours, held in found.proposals.items()
        if held.doubt
    ]
    told += [f"stage_map: {value} tells no stage" for value in plan.unknown]
    told += [undated(plan)] if plan.undated else []
    head = [f"# How the exports of {plan.tenant} are read, as `python -m connectors onboard files` proposed it."]
    head += [f"# doubtful: {line}" for line in told]
    head += ["# set_rate: what the stage standard says; yours is better."]
    body: dict[str, Any] = {
        "tenant": plan.tenant, "name": plan.tenant, "time_zone": settings().time_zone, "base_currency": plan.currency,
        "snapshot_every_days": 7, "stages": _stages(), "stage_map": {"*": _stage_map(plan)},
    }  # fmt: skip
    if plan.channels:
        body["interaction_kinds"] = dict(plan.channels)
    body["streams"] = {"opportunities": _deals(plan)}
    if plan.stage_log:
        body["streams"]["stage_changes"] = _log(plan.stage_log, "stage", "changed_at")
    if plan.contacts:
        body["streams"]["interactions"] = _log(plan.contacts, "kind", "occurred_at")
    return "\n".join(head) + "\n" + yaml.dump(body, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=140)


def report(plan: FilePlan) -> list[str]:
    """What was proposed, in lines; what is doubtful is named."""
    lines = []
    for found in plan.streams:
        of = [name for name in STANDARD[found.name] if name != MADE_UP or found.name == "opportunities"]
        doubtful = {ours: held for ours, held in found.proposals.items() if held.doubt}
        rows = len(found.export.rows)
        lines.append(
            f"{found.name}: {found.export.path.name}, {rows:,} rows, {len(found.proposals)} of {len(of)} fields, {len(doubtful)} doubtful"
        )
        lines += [f"  doubtful: {ours} ← {held.theirs.name}: {held.doubt}" for ours, held in doubtful.items()]
        lines += (
            [f"  no column for {', '.join(missing)}"]
            if (missing := [name for name in of if name not in found.proposals])
            else []
        )
    lines += (
        []
        if plan.stage_log
        else [
            "  no stage log: a deal's past is its creation and its closing; what it was worth in between is not known"
        ]
    )
    lines.append(f"stages: {', '.join(f'{value} → {code}' for value, code in plan.stages.items())}")
    lines += [f"  doubtful: {value} tells no stage: give it one in stage_map" for value in plan.unknown]
    lines += [f"  doubtful: no value means {code}" for code in CLOSED if code not in plan.stages.values()]
    lines += [f"  doubtful: {undated(plan)}"] if plan.undated else []
    lines += [f"not used: {', '.join(plan.unused)}"] if plan.unused else []
    return lines


def undated(plan: FilePlan) -> str:
    """What is said of rows that do not tell when their deal was created."""
    return f"{plan.undated:,} rows without {plan.deals.column('created_at')} are left out: no day can be told on which they were known"


def _stages() -> dict[str, dict[str, Any]]:
    held = {key: value for (kind, key), value in setting_rows.defaults().items() if kind == "stage"}
    return {
        code: {
            **value,
            "stage_order": int(value["stage_order"]),
            "set_rate": float(value["set_rate"]),
            "reason": "the stage standard",
        }
        for code, value in held.items()
    }


def _stage_map(plan: FilePlan) -> dict[str, str]:
    return dict(plan.stages) | ({} if plan.stage_log else {AT_CREATION: "S1"})


def _file(found: Found) -> dict[str, Any]:
    said = {"file": found.export.path.name}
    written = {"encoding": (found.export.encoding, "utf-8"), "delimiter": (found.export.delimiter, ",")}
    return said | {key: value for key, (value, usual) in written.items() if value != usual}


def _filled(found: Found, *names: str) -> dict[str, Any]:
    """`fields` of these of ours that a column fills."""
    filled: dict[str, Any] = {}
    for ours in names:
        held = found.proposals.get(ours)
        if held is None:
            continue
        said: dict[str, Any] = {"columns": [held.theirs.name]}
        if held.scale is not None:
            said["scale"] = int(held.scale)
        if found.values.get(ours):
            said["values"] = dict(found.values[ours])
        filled[ours] = said if len(said) > 1 else held.theirs.name
    return filled


def _rows(plan: FilePlan, *, closed: bool) -> list[dict[str, Any]]:
    """The condition for rows of closed deals, or of all others."""
    values = [value for value, code in plan.stages.items() if code in CLOSED]
    return [{"column": plan.deals.column("stage"), "values": values} | ({} if closed else {"is_excluded": True})]


def _deals(plan: FilePlan) -> list[dict[str, Any]]:
    deals, created, closed = plan.deals, plan.deals.column("created_at"), plan.deals.column("closed_at")
    told = {} if "currency" in deals.proposals else {"currency": plan.currency}
    dated = [{"column": created, "values": [""], "is_excluded": True}] if plan.undated else []
    # Stages come from the log where there is one.
    named = [name for name in deals.proposals if name != "closed_at" and not (name == "stage" and plan.stage_log)]

    def part(*fields: str, where: list[dict[str, Any]], **said: Any) -> dict[str, Any]:
        conditions = {"where": [*dated, *where]} if dated or where else {}
        return {**_file(deals), **conditions, **said, "fields": _filled(deals, *fields)}

    if closed is None:
        return [part(*FIXED, where=[], changed_at=created, constants=told), part(*named, where=[], constants=told)]
    are_closed, are_open = _rows(plan, closed=True), _rows(plan, closed=False)
    # Of a closed deal no stage before the last is known: it began in the first. An open one has been in its stage since nobody knows when,
    # so since its creation, which is what the model sees of the closed ones too.
    first = {} if plan.stage_log else {"stage": AT_CREATION}
    began = [
        part(*FIXED, where=are_closed, changed_at=created, constants=told | first),
        part(*FIXED, where=are_open, changed_at=created, constants=told),
    ]
    ended = part(*named, "closed_at", where=are_closed, changed_at=closed, constants=told)
    going_on = part(*named, where=are_open, constants=told)
    # A column that says when a deal closed says of an open one when it is expected to.
    going_on["fields"].setdefault("expected_close_on", closed)
    return [*began, ended, going_on]


def _log(found: Found, told: str, dated: str) -> dict[str, Any]:
    """A row has no id of its own: what it says is one, by the columns that are never empty."""
    export = found.export
    key = [str(found.column(ours)) for ours in ("opportunity_id", told, dated)]
    rest = [
        held.theirs.name for held in found.proposals.values() if export.filled(held.theirs.name) == len(export.rows)
    ]
    return {**_file(found), "fields": {"id": list(dict.fromkeys([*key, *rest])), **_filled(found, *found.proposals)}}
