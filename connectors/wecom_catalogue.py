"""What a tenant's WeCom shows: rows of each stream. WeCom has no metadata, and no objects or fields of a tenant's own."""

from datetime import date

from connectors.sampled_catalogue import SampledCatalogue
from connectors.wecom import WeCom


def catalogue(as_of: date) -> SampledCatalogue:
    """The tenant's WeCom."""
    return SampledCatalogue("wecom", WeCom(), as_of, {})
