"""The replay of past periods as one SVG: a group a period, our calls with their ranges, the reps' sum, the naive rule and what landed.

In: the calls. Out: the text of the file; plain shapes, no script, no font of its own.
"""

from collections.abc import Callable, Sequence
from html import escape

from ml.replay import Call

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 960, 420, 60, 50, 40
OURS, REPS, NAIVE, LANDED = "#1f5fa8", "#c98a00", "#8a8f98", "#1c2530"
LEGEND = ((OURS, "our call, P10–P90"), (REPS, "reps' sum"), (NAIVE, "naive rule"), (LANDED, "landed"))


def picture(calls: Sequence[Call]) -> str:
    """The whole SVG."""
    periods = list(dict.fromkeys(call.period for call in calls))
    group = (WIDTH - LEFT - 10) / len(periods)
    highest = 1.05 * max(
        value
        for call in calls
        for value in (call.ours, call.high, call.reps, call.naive, call.landed)
        if value is not None
    )

    def y(amount: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * amount / highest

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *_legend(),
        *_scale(highest, y(0), y(highest)),
    ]
    for number, period in enumerate(periods):
        own = [call for call in calls if call.period == period]
        start = LEFT + number * group
        step = group / (len(own) + 1)
        landed = y(own[0].landed)
        parts.append(_line(start + 0.1 * group, landed, start + 0.9 * group, landed, LANDED, 2.5))
        for place, call in enumerate(own, 1):
            parts += _call(call, start + place * step, y)
        parts.append(f'<text x="{start + group / 2:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(period)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _call(call: Call, x: float, y: Callable[[float], float]) -> list[str]:
    shapes = []
    if call.low is not None and call.high is not None:
        shapes.append(_line(x, y(call.low), x, y(call.high), OURS, 5, 0.35))
    shapes.append(f'<circle cx="{x:.1f}" cy="{y(call.ours):.1f}" r="4" fill="{OURS}"/>')
    shapes.append(f'<rect x="{x - 4:.1f}" y="{y(call.reps) - 4:.1f}" width="8" height="8" fill="{REPS}"/>')
    if call.naive is not None:
        shapes.append(_line(x - 7, y(call.naive), x + 7, y(call.naive), NAIVE, 2))
    shapes.append(
        f'<text x="{x:.1f}" y="{HEIGHT - 24}" text-anchor="middle" font-size="10" fill="#56616d">w{call.week}</text>'
    )
    return shapes


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float, opacity: float = 1) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}" '
        f'stroke-opacity="{opacity}"/>'
    )


def _legend() -> list[str]:
    found = []
    for place, (colour, said) in enumerate(LEGEND):
        x = LEFT + place * 190
        found.append(f'<rect x="{x}" y="16" width="12" height="12" fill="{colour}"/>')
        found.append(f'<text x="{x + 18}" y="27">{escape(said)}</text>')
    return found


def _scale(highest: float, bottom: float, top: float) -> list[str]:
    found = []
    for quarter in range(5):
        at = bottom + (top - bottom) * quarter / 4
        found.append(_line(LEFT, at, WIDTH - 10, at, "#e3e7eb", 1))
        found.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{highest * quarter / 4e6:.1f}M</text>')
    return found
