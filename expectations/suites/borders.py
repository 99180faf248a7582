"""Did the earlier gates of the day let its data pass? Whoever runs the steps by hand behind a blocked gate publishes nothing either."""

from expectations.checks import Suite, holds
from warehouse.builds import Build

_VERDICTS = """
select distinct on (border) border as record_id, verdict = 'passed' as is_passed
from ops.gate_verdicts where as_of = date '$as_of' and border in ('landing', 'features') order by border, verdict_id desc
"""


def suite(build: Build) -> Suite:
    """The newest verdicts of the day's landing and features borders."""
    return Suite(
        "marts.borders",
        "ops.gate_verdicts",
        _VERDICTS.replace("$as_of", str(build.as_of)),
        f"run the blocked gate again for {build.as_of} and the steps after it",
        (holds("is_passed", "a figure made from data that a gate refused is told to nobody"),),
    )
