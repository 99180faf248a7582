"""What onboarding proposes for a tenant's system: by stream and as a whole, and what its report says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.catalogue import Option
from connectors.onboard_fields import Proposal, Sample
from connectors.onboard_options import Meant
from connectors.onboard_standard import Standard, StandardField, Wanted
from connectors.streams import Stream, SystemMapping

MOST_NAMED = 20  # fields that are filled in and do not land


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """One stream of the tenant: `values` and `passing` by our field, what is translated and what lands as it came. `options`: those of the
    stream that differ from the template's."""

    template: Stream
    object: str
    label: str
    known: Mapping[str, StandardField]
    proposals: Mapping[str, Proposal]
    sample: Sample
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    passing: Mapping[str, Sequence[Option]] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """Our fields that no field of the tenant fills."""
        return [name for name in self.template.fields if name not in self.proposals]

    @property
    def unused(self) -> list[str]:
        """Fields of the records looked at that hold something and do not land, the fullest first."""
        taken = {held.theirs.name for held in self.proposals.values()} | set(self.template.names)
        names = dict.fromkeys(name for row in self.sample.rows for name in row if name not in taken)
        filled = sorted(((self.sample.filled(name), name) for name in names), key=lambda pair: (-pair[0], pair[1]))
        return [name for count, name in filled if count][:MOST_NAMED]

    def telling(self, what: str) -> Proposal | None:
        """The field whose options are stages, sales processes or kinds of contact, or that says of a deal that it is closed or won."""
        return next((held for name, held in self.proposals.items() if self.known[name].tells == what), None)


@dataclass(frozen=True, slots=True)
class ToCreate:
    """A field that an administrator creates: for which payload key of which entry of the mapping, on which object, and as what."""

    entry: str
    key: str
    object: str
    field: str
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is proposed. `left_out`: streams whose object is not there. `to_create`: the fields for our scores that the system lacks."""

    system: str
    tenant: str
    template: SystemMapping
    standard: Standard
    streams: Mapping[str, StreamPlan]
    left_out: Sequence[str]
    stages: Sequence[Meant]
    channels: Sequence[Meant]
    to_create: Sequence[ToCreate]

    def target(self, entry: str) -> str:
        """The object that gets the scores of one entry of the mapping (write_back, write_back_leads)."""
        return target_of(self.template, self.streams, entry)


def target_of(template: SystemMapping, streams: Mapping[str, StreamPlan], entry: str) -> str:
    """The tenant's object that gets the scores of one entry of the mapping."""
    ours = template.write_backs[entry].object
    named = {each.template.object: each.object for each in streams.values()}
    kinds = {each.template.options[name]: kind for each in streams.values() for name, kind in each.options.items()}
    return (named | kinds).get(ours, ours)


def report(plan: Plan) -> list[str]:
    """What was proposed, in lines; doubtful first of all."""
    lines = []
    for name, stream in plan.streams.items():
        doubtful = [(ours, held) for ours, held in stream.proposals.items() if held.doubt]
        counts = f"{len(stream.proposals)} of {len(stream.template.fields)} fields, {len(doubtful)} doubtful"
        label = f" ({stream.label})" if stream.label else ""
        lines.append(f"{name}: {stream.object}{label}: {counts}")
        lines += [f"  doubtful: {ours} ← {named(held)}: {held.doubt}" for ours, held in doubtful]
        lines += [f"  no field for {', '.join(stream.missing)}"] if stream.missing else []
    lines += [f"{name}: left out, its object is not there or may not be read" for name in plan.left_out]
    if plan.stages:
        lines.append(f"stages: {len(plan.stages)} of {len({each.process for each in plan.stages})} sales processes")
    lines += [
        f"  doubtful: {each.process_label} {each.label} → {each.code or 'nothing'}: {each.doubt}"
        for each in [*plan.stages, *plan.channels]
        if each.doubt
    ]
    unless = ", unless they are there" if plan.standard.is_sampled else ""
    for object_name in dict.fromkeys(each.object for each in plan.to_create):
        names = ", ".join(each.field for each in plan.to_create if each.object == object_name)
        lines.append(f"an administrator creates on {object_name}{unless}: {names}")
    return lines


def named(held: Proposal) -> str:
    """The tenant's field with its label, where it has one."""
    return f"{held.theirs.name} ({held.theirs.label})" if held.theirs.label else held.theirs.name
