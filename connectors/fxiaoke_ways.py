"""How a tenant's Fxiaoke behaves where the vendor's documents leave it open, seen by asking it; and updates that are watched for it.

In: an opened CRM. Out: sentences for `connectors check`. Asking lands and changes nothing; what an update does is tried on a record that a
person made for it, and is watched at the first update of each run.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from connectors.calls import Answer, RefusedError, Verdict
from connectors.fxiaoke import PAGE, Fxiaoke
from connectors.fxiaoke_query import condition
from connectors.streams import Stream, mapping_of, write_back_of
from warehouse.steps import StepError

IN_BIN = "invalid"  # life_status of what lies in the recycle bin
AMOUNTS = ("payment_amount", "amount")  # two sources call a payment's amount differently
NO_ACCESS = {"15003", "20014", "20020"}
MARK = "landfall check"
UNTOUCHED = "an update leaves alone what it does not name"
TRIED = (
    "what an update does with fields that it does not name, and with a locked record, is tried on a deal made for it: "
    "python -m connectors check --system fxiaoke --record ID"
)
CLEARING = "an update clears what it does not name: let scores leave as a file, LANDFALL_WRITEBACK=csv"


def ways(crm: Fxiaoke) -> list[str]:
    """Which way the tenant's CRM behaves, a sentence each."""
    streams = mapping_of("fxiaoke").streams
    deals = streams["opportunities"]
    looks: list[Callable[[], list[str]]] = [
        lambda: [_pages(crm, list(streams.values()))],
        lambda: [_single(crm, deals)],
        lambda: _values(crm, deals),
        lambda: [_amount(crm, streams["payments"])] if "payments" in streams else [],
        lambda: [_bin(crm, deals)],
    ]
    return [*(told for look in looks for told in _seen(look)), TRIED]


def _seen(look: Callable[[], list[str]]) -> list[str]:
    """What one look tells; a refusal is told and does not cost the others."""
    try:
        return look()
    except RefusedError as error:
        if error.reaction != "skip":
            raise
        return [f"not to be seen: {error}"]


def try_update(crm: Fxiaoke, record_id: str) -> list[str]:
    """What an update does to the deal `record_id` beside the one field it sets; the deal is left as it was."""
    back = write_back_of("fxiaoke")
    field = next(target.field for target in back.fields.values() if target.kind == "text")
    before = crm.get(back.object, record_id)
    try:
        crm.update(back.object, record_id, {field: MARK})
    except RefusedError as error:
        if error.reaction != "unknown":
            raise
        is_applied = crm.get(back.object, record_id).get(field) == MARK
        with suppress(RefusedError):  # as refused as the first, and as effective
            crm.update(back.object, record_id, {field: before.get(field)})
        did = "takes the values though it refuses them" if is_applied else "keeps what it has"
        return [f"a locked record ({error.code}) {did}; write-back reads such a record back before it decides"]
    gone = cleared(before, crm.get(back.object, record_id), {field})
    crm.update(back.object, record_id, gone | {field: before.get(field)})
    return [CLEARING if gone else UNTOUCHED]


def update_watched(crm: Fxiaoke, object_name: str, record_id: str, values: dict[str, Any]) -> Answer:
    """The update, and a look at whether it took anything else. Raises StepError, with the record as it was, where it did."""
    before = crm.get(object_name, record_id)
    answer = crm.update(object_name, record_id, values)
    try:
        after = crm.get(object_name, record_id)
    except RefusedError as error:
        # Of the look, not of the update: what that came to is read back before anything is sent again.
        seen = Verdict("unknown", error.code, trace_id=error.trace_id or "")
        raise RefusedError("Fxiaoke", f"a look at {object_name} {record_id} after its update", seen) from error
    gone = cleared(before, after, set(values))
    if gone:
        crm.update(object_name, record_id, gone | {field: before.get(field) for field in values})
        raise StepError(
            f"Fxiaoke took {len(gone)} fields of {object_name} {record_id}, which are set again: {CLEARING}, then rerun"
        )
    return answer


def cleared(before: Mapping[str, Any], after: Mapping[str, Any], ours: set[str]) -> dict[str, Any]:
    """The fields beside `ours` that an update emptied, with what they held; one alone may have been a person's doing meanwhile."""
    held = {
        field: value
        for field, value in before.items()
        if value not in (None, "", []) and field not in ours and "__r" not in field
    }
    gone = {field: value for field, value in held.items() if after.get(field) in (None, "", [])}
    return gone if len(gone) > 1 else {}


def _pages(crm: Fxiaoke, streams: list[Stream]) -> str:
    """What becomes of a limit above the documented one."""
    for stream in streams:
        try:
            rows = crm.listed(stream.object, [], ["_id"], 2 * PAGE)
        except RefusedError as error:
            if error.code in NO_ACCESS:
                continue
            return f"a limit above {PAGE} is refused ({error.code}); pages hold {PAGE}"
        if isinstance(rows, Sequence) and len(rows) >= PAGE:
            return f"a limit above {PAGE} is {'honoured' if len(rows) > PAGE else 'cut'}; pages hold {PAGE}"
    return f"a limit above {PAGE}: no object has so many records"


def _single(crm: Fxiaoke, stream: Stream) -> str:
    found = crm.listed(stream.object, [], ["_id"], 1)
    return f"dataList of a single record is a {'map' if isinstance(found, dict) else 'list'}; both are read"


def _values(crm: Fxiaoke, stream: Stream) -> list[str]:
    """How numbers and empty fields travel."""
    rows = crm.query(stream.object, [], stream.projection, newest_by="last_modified_time")
    found = [row for row in rows if isinstance(row, dict)]
    amounts = [row[stream.theirs("amount")] for row in found if row.get(stream.theirs("amount")) is not None]
    are_numbers = any(not isinstance(value, str) for value in amounts)
    has_nulls = any(value is None for row in found for value in row.values())
    return [
        f"numbers travel as {'numbers' if are_numbers else 'text'}; both are read",
        f"empty fields are {'sent as null' if has_nulls else 'left out'}; both are read",
    ]


def _amount(crm: Fxiaoke, stream: Stream) -> str:
    """What payments call their amount, and whether the mapping says the same."""
    known, mapped = crm.describe(stream.object), stream.theirs(AMOUNTS[0])
    there = [name for name in AMOUNTS if name in known]
    if mapped in known or not there:
        return (
            f"{stream.object} keeps its amount in {mapped}" if mapped in known else f"{stream.object} shows no amount"
        )
    return f"{stream.object} keeps its amount in {there[0]}: let it fill {AMOUNTS[0]}, `filled_by: {{{AMOUNTS[0]}: {{field: {there[0]}}}}}`"


def _bin(crm: Fxiaoke, stream: Stream) -> str:
    invalid = [condition(stream.theirs("life_status"), "EQ", IN_BIN)]
    is_shown = bool(crm.query(stream.object, invalid, ["_id"], limit=1))
    return (
        f"queries show the recycle bin of {stream.object}, with life_status {IN_BIN}; such records count as withdrawn"
        if is_shown
        else f"queries show nothing of the recycle bin of {stream.object}, or it is empty; what is missing is found by its id"
    )
