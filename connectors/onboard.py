"""The command `onboard`: a tenant's system describes itself, and a mapping is proposed that a person looks through and corrects.

In: what the system says of its objects and fields, and records of each. Out: `<system>.yml`, for a CRM `stages.xlsx`, and
`fields_to_create.csv` where scores go to, in the tenant's folder, and a report. A required field that nothing fills stops it with what
would be wrong without it; nothing is landed, and no file is overwritten unless told.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from config.settings import TENANT, settings
from connectors.catalogue import Catalogue, catalogue_of
from connectors.onboard_files import mapping_text, write_fields, write_stages
from connectors.onboard_options import Meant, channels, stages
from connectors.onboard_plan import Plan, StreamPlan, ToCreate, report, target_of
from connectors.onboard_standard import Standard, standard_of
from connectors.onboard_stream import known_stages, object_of, planned
from connectors.streams import SystemMapping
from warehouse.steps import StepError

STAGES, FIELDS = "stages.xlsx", "fields_to_create.csv"
Chosen = Mapping[tuple[str, str], str]


def onboard(
    system: str, tenant: str | None, chosen: Sequence[str], as_of: date, *, dry_run: bool, is_forced: bool
) -> None:
    """Propose the tenant's mapping and write it. `chosen`: STREAM.FIELD=THEIRS, what a person decided.

    Raises StepError when there is a mapping already, a required field is missing, or the system cannot be read.
    """
    name = tenant_named(tenant)
    folder = settings().tenants_dir / name
    path = folder / f"{system}.yml"
    if path.exists() and not (is_forced or dry_run):
        raise StepError(f"{path} exists: give --force to write it anew, or --dry-run to see what would be proposed")
    catalogue = catalogue_of(system, as_of)
    try:
        plan = proposed(catalogue, system, name, chosen_fields(chosen))
    finally:
        catalogue.close()
    print("\n".join(report(plan)))
    if dry_run:
        print(mapping_text(plan), end="")
        print("nothing was written")
        return
    folder.mkdir(parents=True, exist_ok=True)
    beside = _write_beside(plan)
    fresh = path.with_suffix(".new")
    fresh.write_text(mapping_text(plan), "utf-8")
    fresh.replace(path)
    also = f", {' and '.join(beside)} beside it" if beside else ""
    print(f"wrote {path}{also}: look through what is doubtful, then `python -m connectors check`")


def _write_beside(plan: Plan) -> list[str]:
    """Write what belongs to the mapping; the names of the files. A system without deals has no stages, one without scores no fields."""
    folder, written = settings().tenants_dir / plan.tenant, []
    if plan.stages or plan.channels:
        write_stages(plan, folder / STAGES)
        written.append(STAGES)
    if plan.template.write_backs:
        write_fields(plan, folder / FIELDS)
        written.append(FIELDS)
    return written


def proposed(catalogue: Catalogue, system: str, tenant: str, chosen: Chosen) -> Plan:
    """The plan for the tenant. Raises StepError that lists every required field that nothing fills."""
    standard, template = standard_of(system)
    known = catalogue.objects()
    objects = {name: object_of(catalogue, known, standard, stream) for name, stream in template.streams.items()}
    links = {theirs: template.streams[name].object for name, theirs in objects.items() if theirs}
    streams: dict[str, StreamPlan] = {}
    wrong = [f"there is no stream {of} (--field {of}.{field})" for of, field in chosen if of not in template.streams]
    for name, stream in template.streams.items():
        theirs = objects[name]
        if theirs is None:
            wrong += [f"there is no {stream.object}: grant the app access to it"] if stream.is_required else []
            continue
        mine = {field: own for (of, field), own in chosen.items() if of == name}
        plan, faults = planned(catalogue, standard, stream, (theirs, known[theirs]), mine, links)
        wrong += faults
        if plan:
            streams[name] = plan
    if wrong:
        raise StepError(
            "\n".join([*wrong, "nothing was written: name the fields with --field STREAM.FIELD=THEIRS, then rerun"])
        )
    return Plan(
        system, tenant, template, standard, streams, [name for name in template.streams if name not in streams],
        _stages(standard, streams), _channels(standard, streams), _to_create(catalogue, standard, template, streams),
    )  # fmt: skip


def _stages(standard: Standard, streams: Mapping[str, StreamPlan]) -> list[Meant]:
    """What the stages of the deals mean; nothing in a system without deals."""
    for plan in streams.values():
        if stage := plan.telling("stage"):
            process = plan.telling("process")
            return stages(standard.stages, process.theirs if process else None, stage.theirs, known_stages(plan))
    return []


def _channels(standard: Standard, streams: Mapping[str, StreamPlan]) -> list[Meant]:
    """The channel of each kind of contact."""
    told = [held for plan in streams.values() if (held := plan.telling("channel"))]
    return channels(standard.channels, told[0].theirs) if told else []


def _to_create(
    catalogue: Catalogue, standard: Standard, template: SystemMapping, streams: Mapping[str, StreamPlan]
) -> list[ToCreate]:
    """The fields for scores that their objects do not show."""
    found = []
    for entry, back in template.write_backs.items():
        target = target_of(template, streams, entry)
        shown = {
            field.name
            for plan in streams.values()
            if target in (plan.object, *plan.options.values())
            for field in catalogue.fields(plan.template, plan.object)
        }
        found += [
            ToCreate(entry, key, target, field.field, standard.write_back[key])
            for key, field in back.fields.items()
            if field.field not in shown
        ]
    return found


def tenant_named(tenant: str | None) -> str:
    """The tenant whose mapping is made. Raises StepError for what cannot name one."""
    name = tenant or settings().tenant
    if not re.fullmatch(TENANT, name):
        raise StepError(f"{name} names no tenant: give small letters, digits and _, a letter first")
    return name


def chosen_fields(chosen: Sequence[str]) -> dict[tuple[str, str], str]:
    """What a person decided, by stream and our field, of STREAM.FIELD=THEIRS. Raises StepError for what is not of that form."""
    found = {}
    for each in chosen:
        ours, _, theirs = each.partition("=")
        stream, _, field = ours.partition(".")
        if not (stream and field and theirs):
            raise StepError(f"--field {each} is not STREAM.FIELD=THEIRS, as opportunities.amount=field_x7Kp2__c")
        found[stream, field] = theirs
    return found
