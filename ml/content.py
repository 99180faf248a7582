"""What was said in calls and mails, as optional features: off by default, and named each night while they are.

Landfall reads no content of messages. A tenant whose own system draws one of these signals from calls or mails that people agreed to be
recorded keeps it in a field of the deal; the recipe "Make a custom CRM field a feature" in CONTRIBUTING.md switches it on, with name and
words from here. A figure or a word enters, never a text. In: the contract. Out: which of them the contract lacks.
"""

from collections.abc import Collection

from ml.contract import Feature, Words
from ml.features import FEATURES

_DEAL = Words("赢单", "won deals")
CONTENT: tuple[Feature, ...] = (
    _DEAL.rate(
        "content_positive_rate_30d",
        "contacts",
        "近 30 天沟通中的积极表述",
        "positive statements in 30 days of calls and mails",
    ),
    _DEAL.count(
        "content_objections_count_30d", "contacts", "近 30 天沟通中的异议", "objections in 30 days of calls and mails"
    ),
    _DEAL.count(
        "content_rivals_count_30d",
        "contacts",
        "近 30 天沟通中提到对手",
        "mentions of rivals in 30 days of calls and mails",
    ),
    _DEAL.yes_no(
        "content_has_next_step", "contacts", "最近一次沟通约定了下一步", "a next step agreed in the last call or mail"
    ),
)


def absent(contract: Collection[Feature] = FEATURES) -> list[str]:
    """The content features that the model cannot see, since the contract does not have them."""
    known = {feature.name for feature in contract}
    return [feature.name for feature in CONTENT if feature.name not in known]
