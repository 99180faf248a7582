"""Did a source get a field that nobody has looked at? It is not read before the mapping names it, so nothing depends on the answer."""

from datetime import date

from expectations.checks import Suite, no_rows
from expectations.walks import fill

_NEW = """
select system || '.' || stream || ' ' || field as record_id from ops.source_fields where is_new and first_seen_on = $as_of
"""


def fields_suite(as_of: date) -> Suite:
    """The fields that appeared on the day."""
    return Suite(
        "landing.fields",
        "ops.source_fields",
        fill(_NEW, as_of),
        "name it in the tenant's mapping if it should be read",
        (no_rows("new fields", "a field that the source did not have before is told of once", level="warning"),),
    )
