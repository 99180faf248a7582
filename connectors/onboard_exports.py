"""The command `onboard files`: a folder of exported files becomes a mapping that a person looks through and corrects.

In: the folder. Out: `files.yml` in the tenant's folder, and a report. The deals' file is the one whose rows are deals; a stage log and
contacts are taken where there are such files. Without a stage log a deal's past is its creation and its closing: its present amount and
stage are known from the closing, or the day of reading, on and never earlier, so that no forecast of the past has seen them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from config.settings import settings
from connectors.export_mapping import mapping_text, report
from connectors.export_plan import FilePlan, Found
from connectors.exports import Export, exports
from connectors.file_mapping import STANDARD, load_mapping
from connectors.onboard import chosen_fields, tenant_named
from connectors.onboard_fields import Proposal, propose
from connectors.onboard_options import meaning
from connectors.onboard_standard import Standard, standard_fields
from warehouse.steps import StepError

SYSTEM = "files"
KINDS = {"text": "text", "amount": "number", "instant": "instant", "day": "instant", "flag": "flag"}
MOSTLY_DISTINCT = 0.8  # of the ids of a list of deals that may have rows twice
Chosen = Mapping[tuple[str, str], str]


def onboard_files(
    folder: Path | None, tenant: str | None, currency: str, chosen: Sequence[str], *, dry_run: bool, is_forced: bool
) -> None:
    """Propose the mapping of `folder` and write it. `chosen`: STREAM.FIELD=COLUMN, what a person decided.

    Raises StepError when the folder cannot be read as deals, or the mapping exists already.
    """
    name, folder = tenant_named(tenant), folder or settings().input_dir
    if folder is None:
        raise StepError("no folder of exports is given: add --input FOLDER")
    path = settings().tenants_dir / name / f"{SYSTEM}.yml"
    if path.exists() and not (is_forced or dry_run):
        raise StepError(f"{path} exists: give --force to write it anew, or --dry-run to see what would be proposed")
    plan = proposed(exports(folder), name, currency, chosen_fields(chosen))
    text = mapping_text(plan)
    print("\n".join(report(plan)))
    if dry_run:
        print(text, end="")
        print("nothing was written")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(text, "utf-8")
    load_mapping(fresh)
    fresh.replace(path)
    print(f"wrote {path}: look through what is doubtful, then `make nightly INPUT={folder} MAPPING={path}`")


def proposed(files: Sequence[Export], tenant: str, currency: str, chosen: Chosen) -> FilePlan:
    """The plan for the tenant. Raises StepError that says what no file tells."""
    standard = standard_fields(SYSTEM)
    _refuse_unknown(standard, files, chosen)
    deals = _best(standard, "opportunities", files, chosen)
    if deals is None:
        raise StepError(_without_deals(standard, files, chosen))
    rest = [export for export in files if export is not deals.export]
    log = _best(standard, "stage_changes", rest, chosen)
    contacts = _best(
        standard, "interactions", [export for export in rest if not log or export is not log.export], chosen
    )
    staged = [(found, column) for found in (deals, log) if found and (column := found.column("stage"))]
    values = dict.fromkeys(value for found, column in staged for value in found.export.values(column))
    stages = {value: code for value in values if (code := meaning(standard.stages, value))}
    kinds = contacts.export.values(contacts.column("kind") or "") if contacts else []
    used = [found.export for found in (deals, log, contacts) if found]
    return FilePlan(
        tenant, currency, deals, log, contacts, stages,
        {value: meaning(standard.channels, value) or "other" for value in kinds},
        [value for value in values if value not in stages],
        [export.path.name for export in files if export not in used],
    )  # fmt: skip


def deal_files(files: Sequence[Export], chosen: Chosen) -> list[Found]:
    """Every file whose rows are deals, the best first, though a few ids may come twice in it. Raises StepError when there is none."""
    standard = standard_fields(SYSTEM)
    _refuse_unknown(standard, files, chosen)
    read = [_as_it_is(standard, "opportunities", export, chosen) for export in files]
    found = [each for each in read if not _missing(standard, each) and _are_deals(each)]
    if not found:
        raise StepError(_without_deals(standard, files, chosen))
    return sorted(found, key=lambda each: -sum(held.score for held in each.proposals.values()))


def _are_deals(found: Found) -> bool:
    """Whether most rows have an id of their own."""
    column = found.column("id") or ""
    return len(found.export.values(column)) >= MOSTLY_DISTINCT * max(found.export.filled(column), 1)


def _refuse_unknown(standard: Standard, files: Sequence[Export], chosen: Chosen) -> None:
    """Raise StepError for a decision that names no field of ours or no column of any file."""
    columns = {heading for export in files for heading in export.headings}
    for (stream, ours), theirs in chosen.items():
        if stream not in standard.streams or ours not in standard.streams[stream].fields:
            raise StepError(
                f"--field {stream}.{ours} is no field of ours: docs/onboarding-files.md and the report name them"
            )
        if theirs not in columns:
            raise StepError(
                f"no file has a column {theirs} (--field {stream}.{ours}): give one of {', '.join(sorted(columns))}"
            )


def _best(standard: Standard, name: str, files: Sequence[Export], chosen: Chosen) -> Found | None:
    """The file that fills the stream best, of those that fill what it needs."""
    fitting = [
        (sum(held.score for held in found.proposals.values()), found)
        for export in files
        if (found := _read_as(standard, name, export, chosen))
    ]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def _read_as(standard: Standard, name: str, export: Export, chosen: Chosen) -> Found | None:
    """The file as rows of the stream; None where a field is missing, or where its rows are of another kind."""
    found = _as_it_is(standard, name, export, chosen)
    if _missing(standard, found):
        return None
    is_of_deals = export.is_key(found.column("id" if name == "opportunities" else "opportunity_id") or "")
    return found if is_of_deals == (name == "opportunities") else None


def _as_it_is(standard: Standard, name: str, export: Export, chosen: Chosen) -> Found:
    held = _proposals(standard, name, export, chosen)
    return Found(name, export, held, _values(standard, name, export, held))


def _proposals(standard: Standard, name: str, export: Export, chosen: Chosen) -> dict[str, Proposal]:
    known = standard.streams[name].fields
    kinds = {ours: KINDS[STANDARD[name][ours]] for ours in known}
    mine = {ours: theirs for (stream, ours), theirs in chosen.items() if stream == name and theirs in export.headings}
    return propose(known, kinds, export.fields, export.sample, mine, standard)


def _values(standard: Standard, name: str, export: Export, held: Mapping[str, Proposal]) -> dict[str, dict[str, str]]:
    """What the cells of fields with values of our own mean."""
    known = {ours: standard.streams[name].fields[ours].values for ours in held}
    told = {
        ours: {cell: meaning(words, cell) for cell in export.values(held[ours].theirs.name)}
        for ours, words in known.items()
        if words
    }
    return {ours: {cell: mine for cell, mine in cells.items() if mine} for ours, cells in told.items()}


def _missing(standard: Standard, found: Found) -> list[str]:
    """What would be wrong without the fields that no column fills."""
    known = standard.streams[found.name].fields
    return [
        f"{ours}: without it {field.without}"
        for ours, field in known.items()
        if field.without and ours not in found.proposals
    ]


def _without_deals(standard: Standard, files: Sequence[Export], chosen: Chosen) -> str:
    """Which file is nearest to one of deals, and what it lacks."""
    read = [
        Found("opportunities", export, _proposals(standard, "opportunities", export, chosen), {}) for export in files
    ]
    nearest = max(read, key=lambda found: len(found.proposals))
    lacks = _missing(standard, nearest) or [
        f"{nearest.column('id')} is not another in every row, so its rows are not deals"
    ]
    headings = ", ".join(nearest.export.headings)
    return "\n".join([
        f"no file is one of deals; the nearest is {nearest.export.path.name} ({headings}), which lacks", *(f"  {each}" for each in lacks),
        "nothing was written: name columns with --field opportunities.FIELD=COLUMN, then rerun",
    ])  # fmt: skip
