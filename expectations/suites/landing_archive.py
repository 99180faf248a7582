"""Is WeCom's message archive read often enough? The platform keeps a message for five days: a longer silence may be a loss for good."""

from datetime import date

from expectations.checks import Suite, holds
from expectations.walks import fill
from warehouse.frames import fetch_all

_GAPS = """
select 'messages until ' || told_at as record_id, gap <= interval '4 days' as is_archive_without_gap
from (
    select changed_at as told_at, changed_at - lag(changed_at) over (order by changed_at) as gap
    from (
        select changed_at from landing.wecom__archive_messages where known_at <= $cutoff
        union all select $cutoff
    ) as told
) as gaps
where told_at > $since and gap is not null
"""


def archive_suites(as_of: date) -> list[Suite]:
    """The suite of the archive, where the tenant has one."""
    if not fetch_all("checker", "select 1 from landing.wecom__archive_messages limit 1"):
        return []
    gap = holds(
        "is_archive_without_gap",
        "four days without a message are a holiday, or an export that no longer comes: after the fifth its messages are lost",
        level="warning",
    )
    action = "see to the archive's export into LANDFALL_WECOM_ARCHIVE_DIR, then run extract and the gate again"
    return [Suite("landing.archive", "landing.wecom__archive_messages", fill(_GAPS, as_of), action, (gap,))]
