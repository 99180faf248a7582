"""The five symptoms of a system that needs an upgrade, measured on rows of deals: how many rows show it, of how many, and a score.

In: `Deal`s, their files, the day of the export. Out: `Symptom`. A score is 100 where no row shows the symptom and falls evenly to 0 at
`WORST`; None where the files tell nothing of it. Each row counts once in a symptom's figure, whatever number of signs it shows.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from connectors.export_plan import Found
from connectors.readiness_deals import DAYS, Deal

# Where a symptom is as bad as it counts. Rows in error or in dispute spoil a total that is added up from them sooner than rows typed by
# hand, which may be right; every third deal behind reality makes the open pipeline another one.
WORST = {"manual": 0.30, "lag": 0.35, "errors": 0.15, "definitions": 0.15, "deviation": 0.40}
_TOTALS = re.compile(r"^(合计|小计|总计|汇总|total|sum)\b", re.IGNORECASE)
_TIME = re.compile(r"[ T]+\d{1,2}:\d{2}.*$")
_COMPANY = re.compile(
    r"(股份|有限|责任|公司|集团|控股|\bco\b|\bltd\b|\binc\b|\bllc\b|\bgmbh\b|\bcorp\b|\blimited\b|company|[\s.,，。()（）·-])"
)


@dataclass(frozen=True)
class Symptom:
    """`signs`: how many rows show each sign; `figure`: the share that shows any; `rows`: of how many; `left_out`: unread rows."""

    name: str
    signs: dict[str, int]
    figure: float | None
    rows: int
    left_out: tuple[str, ...] = ()

    @property
    def score(self) -> int | None:
        """100: none of it; 0: at `WORST` or beyond; None: not measured."""
        return None if self.figure is None else round(100 * max(0.0, 1 - self.figure / WORST[self.name]))


def is_total(text: str) -> bool:
    """Whether a cell calls its row a total of others."""
    return _TOTALS.match(text.strip()) is not None


def symptom(name: str, rows: Sequence[Deal], signs: dict[str, Callable[[Deal], bool]]) -> Symptom:
    """Count `signs` in `rows`."""
    shown = {sign: {n for n, deal in enumerate(rows) if shows(deal)} for sign, shows in signs.items()}
    touched: set[int] = set().union(*shown.values())
    return Symptom(
        name, {sign: len(of) for sign, of in shown.items()}, len(touched) / len(rows) if rows else None, len(rows)
    )


def manual(deals: Sequence[Deal]) -> Symptom:
    """Traces of hand work: totals among the rows, cells written otherwise than their column, deals that a second list is kept of."""
    usual = {at: forms.most_common(1)[0][0] for at, forms in _forms(deals).items()}
    files: dict[str, set[str]] = defaultdict(set)
    for deal in deals:
        files[deal.id].add(deal.file)
    return symptom(
        "manual",
        deals,
        {
            "total_row": lambda deal: any(is_total(text) for text in deal.said.values()),
            "other_form": lambda deal: any(
                _form(ours, deal.said[ours]) != usual[deal.file, ours]
                for ours in ("amount", *DAYS)
                if deal.said.get(ours)
            ),
            "second_list": lambda deal: bool(deal.id) and len(files[deal.id]) > 1,
        },
    )


def _forms(deals: Iterable[Deal]) -> dict[tuple[str, str], Counter[str]]:
    forms: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for deal in deals:
        for ours in ("amount", *DAYS):
            if deal.said.get(ours):
                forms[deal.file, ours][_form(ours, deal.said[ours])] += 1
    return forms


def _form(ours: str, text: str) -> str:
    """How a cell is written, without what it says: dates by their signs, amounts by what is no number."""
    if ours == "amount":
        return re.sub(r"[\d,.+-]", "", text)
    return re.sub(r"\d+", "9", _TIME.sub("", text))


def lag(deals: Sequence[Deal], as_of: date) -> Symptom:
    """Rows behind reality: wins entered on the day they closed or later, open deals whose close date is over."""
    rows = [deal for deal in deals if deal.code == "WON" or (deal.code and deal.is_open)]
    return symptom(
        "lag",
        rows,
        {
            "entered_late": lambda deal: bool(
                deal.code == "WON" and deal.created_on and deal.closed_on and deal.closed_on <= deal.created_on
            ),
            "past_due": lambda deal: bool(deal.is_open and deal.expected_on and deal.expected_on < as_of),
        },
    )


def errors(deals: Sequence[Deal], found: Sequence[Found], as_of: date) -> Symptom:
    """Rows that cannot be right; a column that a file does not have is no error of its rows."""
    ids = Counter((deal.file, deal.id) for deal in deals if deal.id)
    columns = {each.export.path.name: each.proposals.keys() for each in found}

    def lacks(deal: Deal, ours: str) -> bool:
        return ours in columns[deal.file] and not deal.said.get(ours)

    return symptom(
        "errors",
        deals,
        {
            "no_id": lambda deal: not deal.id,
            "id_twice": lambda deal: ids[deal.file, deal.id] > 1,
            "unread": lambda deal: bool(deal.unread),
            "no_amount": lambda deal: lacks(deal, "amount"),
            "not_above_zero": lambda deal: deal.amount is not None and deal.amount <= 0,
            "no_owner": lambda deal: lacks(deal, "owner_id"),
            "no_creation": lambda deal: lacks(deal, "created_at"),
            "unknown_stage": lambda deal: not deal.code,
            "no_closing": lambda deal: bool(deal.code) and not deal.is_open and lacks(deal, "closed_at"),
            "closed_in_future": lambda deal: bool(deal.closed_on and not deal.is_open and deal.closed_on > as_of),
            "due_before_creation": lambda deal: bool(
                deal.expected_on and deal.created_on and deal.expected_on < deal.created_on
            ),
        },
    )


def definitions(deals: Sequence[Deal]) -> Symptom:
    """Rows that two definitions tell otherwise: another word for won, a customer in several spellings, closed or not, list against list."""
    won = Counter((deal.file, deal.said["stage"]) for deal in deals if deal.code == "WON")
    main = {file: word for (file, word), _ in sorted(won.items(), key=lambda item: item[1])}
    spellings: dict[str, set[str]] = defaultdict(set)
    told: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for deal in deals:
        spellings[_customer(deal)].add(deal.said.get("account_name", ""))
        told[deal.id][deal.file] = (deal.code, str(deal.amount.normalize() if deal.amount is not None else ""))
    return symptom(
        "definitions",
        deals,
        {
            "other_word_for_won": lambda deal: deal.code == "WON" and deal.said["stage"] != main[deal.file],
            "customer_spelt_otherwise": lambda deal: bool(_customer(deal)) and len(spellings[_customer(deal)]) > 1,
            "open_with_closing": lambda deal: bool(deal.code and deal.is_open and deal.closed_on),
            "lists_disagree": lambda deal: bool(deal.id) and len(set(told[deal.id].values())) > 1,
        },
    )


def _customer(deal: Deal) -> str:
    """A customer's name without what spellings differ by: company suffixes, blanks, brackets, width, case."""
    return _COMPANY.sub("", unicodedata.normalize("NFKC", deal.said.get("account_name", "")).lower())
