"""The readiness report as one page, in HTML and in plain text, in one language.

In: the measured report. Out: texts; both say the same. The HTML loads nothing and fits a phone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from connectors.readiness_months import Rule
from connectors.readiness_symptoms import WORST, Symptom
from connectors.readiness_words import WORDS

PLAIN, WATCHED = 50, 80  # scores below show a symptom plainly, or are to be watched
MANY = 2  # plain symptoms that ask for an upgrade: one can be mended where it is
# Closed deals that the smaller class must have; those of the models (ml/model.py), compared by a test.
TIERS = ((200, "full_model"), (40, "small_model"), (0, "smoothed"))
_STYLE = """body{font:16px/1.5 system-ui,sans-serif;margin:1rem auto;max-width:46rem;padding:0 1rem;color:#1c2530}
h1{font-size:1.4rem}section{border:1px solid #d5dbe1;border-radius:8px;padding:.75rem 1rem;margin:.75rem 0}
h2{font-size:1.05rem;margin:0;display:flex;justify-content:space-between;gap:1rem}p{margin:.35rem 0}
.bar{background:#e8ecf0;border-radius:4px;height:8px;margin:.5rem 0}.bar div{height:8px;border-radius:4px}
.said{font-weight:600}.how{color:#56616d;font-size:.9rem}"""
_COLOURS = {"bad": "#c0392b", "watch": "#c98a00", "good": "#2e7d4f"}


@dataclass(frozen=True)
class Report:
    """What was measured of which files."""

    files: Sequence[str]
    rows: int
    as_of: date
    symptoms: Sequence[Symptom]
    won: int
    lost: int
    rule: Rule

    @property
    def tier(self) -> str:
        """The highest tier that the number of closed deals allows."""
        return next(tier for fewest, tier in TIERS if min(self.won, self.lost) >= fewest)


def verdict(report: Report, lang: str) -> str:
    """Whether an upgrade is needed, in a sentence."""
    words = WORDS[lang]
    scored = [(each.score, words[each.name]) for each in report.symptoms if each.score is not None]
    plain = [name for score, name in scored if score < PLAIN]
    watched = [name for score, name in scored if score < WATCHED]
    kind = "yes" if len(plain) >= MANY else "watch" if watched else "no"
    names = words["comma"].join(plain if kind == "yes" else watched)
    return words[kind].format(n=len(plain), names=names)


def _blocks(report: Report, lang: str) -> list[tuple[str, int | None, list[str]]]:
    """Heading, score and lines of each block; the last two have no score."""
    words = WORDS[lang]
    found: list[tuple[str, int | None, list[str]]] = []
    for each in report.symptoms:
        if each.figure is None:
            figure = f"{words['unmeasured']} (n = {each.rows}): {words[f'{each.name}.none']}"
        else:
            figure = words["figure"].format(share=f"{each.figure:.1%}", rows=f"{each.rows:,}")
        shown = [
            words["sign"].format(sign=words[sign], count=f"{count:,}") for sign, count in each.signs.items() if count
        ]
        method = words["method"] + words[f"{each.name}.method"].format(worst=f"{WORST[each.name]:.0%}")
        lines = [figure, *([words["signs"] + words["comma"].join(shown)] if shown else []), method]
        lines += [words["left_out"] + words["comma"].join(each.left_out)] if each.left_out else []
        found.append((words[each.name], each.score, [*lines, words["do"] + words[f"{each.name}.do"]]))
    tier = words["tier.said"].format(won=f"{report.won:,}", lost=f"{report.lost:,}", tier=words[f"tier.{report.tier}"])
    rule = report.rule
    expected = (
        words["expected.none"]
        if rule.wape is None
        else words["expected.said"].format(wape=f"{rule.wape:.0%}", months=rule.months)
    )
    return [*found, (words["tier"], None, [tier]), (words["expected"], None, [expected])]


def _head(report: Report, lang: str) -> str:
    words = WORDS[lang]
    files = words["comma"].join(report.files)
    return words["read"].format(files=files, rows=f"{report.rows:,}", as_of=report.as_of)


def text(report: Report, lang: str) -> str:
    """The page in plain lines."""
    words = WORDS[lang]
    lines = [words["title"], _head(report, lang), verdict(report, lang), ""]
    for heading, score, said in _blocks(report, lang):
        shown = "" if score is None else f"  {words['score'].format(score=score)}"
        lines += [f"{heading}{shown}", *(f"  {line}" for line in said), ""]
    return "\n".join(lines)


def html(report: Report, lang: str) -> str:
    """The page for a browser."""
    words = WORDS[lang]
    parts = [
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(words["title"])}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(words['title'])}</h1>",
        f'<p>{escape(_head(report, lang))}</p><p class="said">{escape(verdict(report, lang))}</p>',
    ]
    for heading, score, said in _blocks(report, lang):
        shown = "" if score is None else f"<span>{escape(words['score'].format(score=score))}</span>"
        first, *rest = said
        parts.append(f"<section><h2><span>{escape(heading)}</span>{shown}</h2>{_bar(score)}<p>{escape(first)}</p>")
        parts += [f'<p class="how">{escape(line)}</p>' for line in rest]
        parts.append("</section>")
    return "\n".join([*parts, "</body></html>"]) + "\n"


def _bar(score: int | None) -> str:
    if score is None:
        return ""
    kind = "bad" if score < PLAIN else "watch" if score < WATCHED else "good"
    return f'<div class="bar"><div style="width:{score}%;background:{_COLOURS[kind]}"></div></div>'
