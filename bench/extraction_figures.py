"""What a measurement of reading or landing came to, and how near to its limit that is.

In: a rate of ours and of its limit for each round. Out: medians of the rounds' ratios, a Markdown table, whether a figure blocks.
"""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """One measured step. `cpu`: ours ÷ limit in CPU seconds, client and server together, None where the limit burns none."""

    name: str
    unit: str
    ours: list[float]
    limit: list[float]
    cpu: list[float] | None
    goal: float
    blocker: float | None
    note: str = ""

    @property
    def ratios(self) -> list[float]:
        """Ours ÷ limit, round by round."""
        return [ours / limit for ours, limit in zip(self.ours, self.limit, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return median(self.ratios)

    @property
    def is_blocking(self) -> bool:
        """Whether the figure lies below what may be shipped; one that is shown beside another has no such floor."""
        return self.blocker is not None and self.ratio < self.blocker

    @property
    def verdict(self) -> str:
        """One word for the table."""
        if self.blocker is None:
            return "shown beside"
        return "reached" if self.ratio >= self.goal else "BLOCKS" if self.is_blocking else "below the goal"


def table(figures: list[Figure]) -> str:
    """The figures as Markdown."""
    lines = [
        "| Step | ours | limit | ratio (rounds) | CPU, ours ÷ limit | goal · blocker | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in figures:
        ratios = sorted(each.ratios)
        cpu = f"{median(each.cpu):.2f}" if each.cpu else "–"
        floor = f"{each.goal:.2f} · {each.blocker:.2f}" if each.blocker is not None else "–"
        name = f"{each.name} ({each.note})" if each.note else each.name
        lines.append(
            f"| {name} | {median(each.ours):,.0f} {each.unit} | {median(each.limit):,.0f} | **{each.ratio:.2f}** "
            f"({ratios[0]:.2f}–{ratios[-1]:.2f}, {len(ratios)}) | {cpu} | {floor} | {each.verdict} |"
        )
    return "\n".join(lines) + "\n"
