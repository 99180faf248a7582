"""The command `onboard`: a tenant's CRM describes itself, and a mapping is proposed that a person looks through and corrects.

In: object list, describe and the newest records of each object. Out: `fxiaoke.yml`, `stages.xlsx` and `fields_to_create.csv` in the
tenant's folder, and a report. A required field that nothing fills stops it with what would be wrong without it; nothing is landed, and no
file is overwritten unless told.
"""

import re
from collections.abc import Mapping, Sequence

from config.settings import TENANT, settings
from connectors import fxiaoke_catalogue as catalogue
from connectors.fxiaoke import Fxiaoke
from connectors.fxiaoke_catalogue import Option, TenantField
from connectors.onboard_fields import Proposal, Sample, propose
from connectors.onboard_files import Plan, StreamPlan, mapping_text, write_fields, write_stages
from connectors.onboard_options import Meant, channels, stages, values
from connectors.onboard_standard import Standard, StandardField, Wanted, standard_of
from connectors.streams import Stream, SystemMapping
from warehouse.steps import StepError

SYSTEM = "fxiaoke"
DEALS, STAGE, PROCESS, RECORDS, KIND = (
    "opportunities", "sales_stage", "sales_process_id", "activity_records", "active_record_type"
)  # fmt: skip
Chosen = Mapping[tuple[str, str], str]


def onboard(tenant: str | None, chosen: Sequence[str], *, dry_run: bool, is_forced: bool) -> None:
    """Propose the tenant's mapping and write it. `chosen`: STREAM.FIELD=THEIRS, what a person decided.

    Raises StepError when there is a mapping already, a required field is missing, or the CRM cannot be read.
    """
    name = tenant_named(tenant)
    folder = settings().tenants_dir / name
    path = folder / f"{SYSTEM}.yml"
    if path.exists() and not (is_forced or dry_run):
        raise StepError(f"{path} exists: give --force to write it anew, or --dry-run to see what would be proposed")
    crm = Fxiaoke()
    try:
        plan = proposed(crm, name, chosen_fields(chosen))
    finally:
        crm.close()
    print("\n".join(report(plan)))
    if dry_run:
        print(mapping_text(plan), end="")
        print("nothing was written")
        return
    folder.mkdir(parents=True, exist_ok=True)
    write_stages(plan, folder / "stages.xlsx")
    write_fields(plan, folder / "fields_to_create.csv")
    fresh = path.with_suffix(".new")
    fresh.write_text(mapping_text(plan), "utf-8")
    fresh.replace(path)
    print(
        f"wrote {path}, stages.xlsx and fields_to_create.csv beside it: look through what is doubtful, then `python -m connectors check`"
    )


def proposed(crm: Fxiaoke, tenant: str, chosen: Chosen) -> Plan:
    """The plan for the tenant. Raises StepError that lists every required field that nothing fills."""
    standard, template = standard_of(SYSTEM)
    crm.calls.sign_in()
    known = catalogue.objects(crm)
    objects = {name: _object(crm, known, standard, stream) for name, stream in template.streams.items()}
    links = {theirs: template.streams[name].object for name, theirs in objects.items() if theirs}
    fields: dict[str, list[TenantField]] = {}
    streams: dict[str, StreamPlan] = {}
    wrong: list[str] = []
    for name, stream in template.streams.items():
        theirs = objects[name]
        if theirs is None:
            wrong += [f"the CRM has no {stream.object}: grant the app data access to it"] if stream.is_required else []
            continue
        fields[name] = catalogue.fields(crm, theirs)
        mine = {field: own for (of, field), own in chosen.items() if of == name}
        strange = [
            f"{theirs} has no field {own} (--field {name}.{field})"
            for field, own in mine.items()
            if own not in {each.name for each in fields[name]}
        ]
        wrong += strange
        if not strange:
            streams[name] = _stream(crm, standard, stream, (theirs, known[theirs]), fields[name], mine, links)
            wrong += _lacking(standard, streams[name])
    if wrong:
        raise StepError(
            "\n".join([*wrong, "nothing was written: name the fields with --field STREAM.FIELD=THEIRS, then rerun"])
        )
    return Plan(
        SYSTEM, tenant, template, streams,
        _meant(standard, streams[DEALS]),
        channels(standard.channels, streams[RECORDS].proposals[KIND].theirs) if KIND in _proposals(streams, RECORDS) else [],
        _to_create(standard, template, fields[DEALS]),
    )  # fmt: skip


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


def _object(crm: Fxiaoke, known: Mapping[str, str], standard: Standard, stream: Stream) -> str | None:
    """The tenant's object of a stream: of those that exist, the first in use (商机 2.0 before 1.0), else the first."""
    entry = standard.streams.get(stream.name)
    there = [name for name in (entry.objects if entry and entry.objects else [stream.object]) if name in known]
    used = [name for name in there if catalogue.sample(crm, name, ["_id"])] if len(there) > 1 else there
    return next(iter([*used, *there]), None)


def _stream(
    crm: Fxiaoke, standard: Standard, stream: Stream, named: tuple[str, str], fields: Sequence[TenantField],
    chosen: Mapping[str, str], links: Mapping[str, str],
) -> StreamPlan:  # fmt: skip
    object_name, label = named
    ours = standard.fields(stream.name, stream.fields)
    theirs = [field for field in fields if field.name not in (*stream.key, *stream.bookkeeping)]
    sample = Sample(catalogue.sample(crm, object_name, [field.name for field in theirs]))
    found = propose(ours, stream.fields, theirs, sample, chosen, standard.units)
    renamed: dict[str, dict[str, str]] = {}
    passing: dict[str, list[Option]] = {}
    for name, held in found.items():
        if ours[name].values and held.theirs.options:
            renamed[name], passing[name] = values(ours[name].values, held.theirs.options)
        elif ours[name].is_link:
            renamed[name] = {own: standard_name for own, standard_name in links.items() if own != standard_name}
    return StreamPlan(stream, object_name, label, found, renamed, passing)


def _lacking(standard: Standard, plan: StreamPlan) -> list[str]:
    """What would be wrong without the required fields that nothing fills."""
    ours: Mapping[str, StandardField] = standard.fields(plan.template.name, plan.template.fields)
    return [
        f"{plan.object} has no field for {plan.template.name}.{name}: without it {ours[name].without}"
        for name in plan.missing
        if ours[name].without
    ]


def _proposals(streams: Mapping[str, StreamPlan], name: str) -> Mapping[str, Proposal]:
    return streams[name].proposals if name in streams else {}


def _meant(standard: Standard, deals: StreamPlan) -> list[Meant]:
    process = deals.proposals.get(PROCESS)
    return stages(standard.stages, process.theirs if process else None, deals.proposals[STAGE].theirs)


def _to_create(
    standard: Standard, template: SystemMapping, fields: Sequence[TenantField]
) -> dict[str, tuple[str, Wanted]]:
    known = {field.name for field in fields}
    wanted = template.write_back.fields if template.write_back else {}
    return {
        key: (target.field, standard.write_back[key]) for key, target in wanted.items() if target.field not in known
    }


def report(plan: Plan) -> list[str]:
    """What was proposed, in lines; doubtful first of all."""
    lines = []
    for name, stream in plan.streams.items():
        doubtful = [(ours, held) for ours, held in stream.proposals.items() if held.doubt]
        counts = f"{len(stream.proposals)} of {len(stream.template.fields)} fields, {len(doubtful)} doubtful"
        lines.append(f"{name}: {stream.object} ({stream.label}): {counts}")
        lines += [
            f"  doubtful: {ours} ← {held.theirs.name} ({held.theirs.label}): {held.doubt}" for ours, held in doubtful
        ]
        lines += [f"  no field for {', '.join(stream.missing)}"] if stream.missing else []
    lines.append(f"stages: {len(plan.stages)} of {len({each.process for each in plan.stages})} sales processes")
    lines += [
        f"  doubtful: {each.process_label} {each.label} → {each.code or 'nothing'}: {each.doubt}"
        for each in [*plan.stages, *plan.channels]
        if each.doubt
    ]
    if plan.to_create:
        lines.append(
            f"an administrator creates on {plan.target}: {', '.join(name for name, _ in plan.to_create.values())}"
        )
    return lines
