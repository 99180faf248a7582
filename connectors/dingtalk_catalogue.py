"""What a tenant's DingTalk shows: which kind of customer it keeps, which templates its logs have, records of each stream.

Kinds of customers are those of the contract, the first with a customer is the tenant's. In: the settings. Out: the catalogue that
onboarding proposes a mapping from. Nothing is landed.
"""

from datetime import date

from connectors.calls import RefusedError
from connectors.dingtalk import DingTalk
from connectors.sampled_catalogue import SampledCatalogue

KINDS = ("crm_customer_personal", "crm_customer")


def catalogue(as_of: date) -> SampledCatalogue:
    """The tenant's DingTalk."""
    app = DingTalk()
    told: dict[str, dict[str, str]] = {}
    if kind := _kind(app):
        told |= {"customers": {"kind": kind}, "follow_ups": {"kind": kind}}
    if templates := app.templates():
        told["logs"] = {"templates": ",".join(templates)}
    return SampledCatalogue("dingtalk", app, as_of, told)


def _kind(app: DingTalk) -> str:
    """The kind of customers of which there are some; "" where none is seen."""
    for kind in KINDS:
        try:
            if next(app.customers(kind), ([], None))[0]:
                return kind
        except RefusedError as error:
            if error.reaction != "skip":
                raise
    return ""
