"""One stream of a tenant's system as onboarding proposes it: its object, its fields, what their options mean.

In: an opened catalogue, what is known of our fields, the template's stream, what a person decided. Out: a `StreamPlan`, or what is wrong.
"""

from collections.abc import Mapping

from connectors.catalogue import Catalogue, Option
from connectors.onboard_fields import Sample, propose
from connectors.onboard_options import OPEN, values
from connectors.onboard_plan import StreamPlan
from connectors.onboard_standard import Standard
from connectors.streams import Stream


def object_of(catalogue: Catalogue, known: Mapping[str, str], standard: Standard, stream: Stream) -> str | None:
    """The tenant's object of a stream: of those that exist, the first in use (商机 2.0 before 1.0), else the first."""
    entry = standard.streams.get(stream.name)
    there = [name for name in (entry.objects if entry and entry.objects else [stream.object]) if name in known]
    used = [name for name in there if catalogue.sample(stream, name, stream.key)] if len(there) > 1 else there
    return next(iter([*used, *there]), None)


def planned(
    catalogue: Catalogue, standard: Standard, stream: Stream, named: tuple[str, str], chosen: Mapping[str, str],
    links: Mapping[str, str],
) -> tuple[StreamPlan | None, list[str]]:  # fmt: skip
    """The stream's plan, and what is wrong with it. `named`: the object with its label; `links`: the tenant's object → the template's."""
    object_name, label = named
    everything = catalogue.fields(stream, object_name)
    names = {field.name for field in everything}
    strange = [
        f"{object_name} shows no field {own} (--field {stream.name}.{ours})"
        for ours, own in chosen.items()
        if own not in names
    ]
    if strange:
        return None, strange
    ours = standard.fields(stream.name, stream.fields)
    theirs = [field for field in everything if field.name not in (*stream.key, *stream.bookkeeping)]
    sample = Sample(catalogue.sample(stream, object_name, [field.name for field in theirs]))
    found = propose(ours, stream.fields, theirs, sample, chosen, standard)
    renamed: dict[str, dict[str, str]] = {}
    passing: dict[str, list[Option]] = {}
    for name, held in found.items():
        if ours[name].values and held.theirs.options:
            renamed[name], passing[name] = values(ours[name].values, held.theirs.options)
        elif ours[name].is_link:
            renamed[name] = {own: standard_name for own, standard_name in links.items() if own != standard_name}
    plan = StreamPlan(
        stream, object_name, label, ours, found, sample, renamed, passing, catalogue.options(stream)
    )  # fmt: skip
    return plan, lacking(plan)


def lacking(plan: StreamPlan) -> list[str]:
    """What would be wrong without the required fields that nothing fills."""
    return [
        f"{plan.object} has no field for {plan.template.name}.{name}: without it {plan.known[name].without}"
        for name in plan.missing
        if plan.known[name].without
    ]


def known_stages(plan: StreamPlan) -> dict[str, str]:
    """What the records looked at say of the deals that stand in each stage: WON, LOST or OPEN; nothing where they contradict each other."""
    stage, closed, won = (plan.telling(what) for what in ("stage", "closed", "won"))
    if not (stage and closed and won):
        return {}
    told: dict[str, set[str]] = {}
    for row in plan.sample.rows:
        value, is_closed = row.get(stage.theirs.name), row.get(closed.theirs.name)
        if value and isinstance(is_closed, bool):
            code = ("WON" if row.get(won.theirs.name) is True else "LOST") if is_closed else OPEN
            told.setdefault(str(value), set()).add(code)
    return {value: codes.pop() for value, codes in told.items() if len(codes) == 1}
