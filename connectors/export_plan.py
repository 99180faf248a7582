"""What onboarding proposes for a folder of exported files: which file fills which stream, by which columns, and what values mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.exports import Export
from connectors.onboard_fields import Proposal


@dataclass(frozen=True, slots=True)
class Found:
    """One stream: the file that fills it, and how. `values`: our field → their value → ours."""

    name: str
    export: Export
    proposals: Mapping[str, Proposal]
    values: Mapping[str, Mapping[str, str]]

    def column(self, ours: str) -> str | None:
        """The column that fills one of our fields."""
        held = self.proposals.get(ours)
        return held.theirs.name if held else None


@dataclass(frozen=True, slots=True)
class FilePlan:
    """All that is proposed. `stages`, `channels`: their value → ours; `unknown`: stage values that nothing tells."""

    tenant: str
    currency: str
    deals: Found
    stage_log: Found | None
    contacts: Found | None
    stages: Mapping[str, str]
    channels: Mapping[str, str]
    unknown: Sequence[str]
    unused: Sequence[str]

    @property
    def undated(self) -> int:
        """How many deals do not tell when they were created."""
        return len(self.deals.export.rows) - self.deals.export.filled(self.deals.column("created_at") or "")

    @property
    def streams(self) -> list[Found]:
        """The streams that are filled."""
        return [found for found in (self.deals, self.stage_log, self.contacts) if found]
