"""Leads as the engine reads them: training rows whose answer is known, and the open leads of a day.

In: `features.lead_features` and `features.lead_outcomes`. Out: `Rows` of the target LEAD, and a frame to score. A lead's answer is known
when the lead is 90 days old, so a lead created later than 90 days before the training day never trains.
"""

from datetime import date

import pandas as pd

from ml.dataset import Rows, feature_columns, rows_from
from ml.targets import LEAD
from warehouse.frames import read_frame

LADDER = (0, 2, 7, 21, 49)  # ages in days that train: dense where leads convert, and the same whatever nights ran


def read_lead_rows(as_of: date) -> Rows:
    """Snapshots at the ages of LADDER of all leads whose answer is known on `as_of`."""
    query = f"""
        with snapshots as (
            select distinct on (lead_id, as_of_date) * from features.lead_features
            where as_of_date <= %s and age_days = any(%s)
            order by lead_id, as_of_date, revision desc
        )
        select s.lead_id, (s.as_of_date - date '1970-01-01')::int as day, {feature_columns("s", LEAD)},
            (o.closed_on - date '1970-01-01')::float8 as closed, (o.answer_known_on - date '1970-01-01')::float8 as known,
            o.is_converted as is_won
        from snapshots as s
        join features.lead_outcomes as o using (lead_id)
        where o.answer_known_on <= %s
        order by s.lead_id, s.as_of_date
    """  # noqa: S608 - the only inserts are the contract's own column names
    return rows_from(read_frame("ml", query, (as_of, list(LADDER), as_of)), LEAD)


def read_open_leads(as_of: date) -> pd.DataFrame:
    """Open leads of the day: lead_id, features_hash and the contract's columns, numbers as float."""
    return read_frame(
        "ml",
        f"""
        select distinct on (f.lead_id) f.lead_id, f.features_hash, {feature_columns("f", LEAD)}
        from features.lead_features as f where f.as_of_date = %s
        order by f.lead_id, f.revision desc""",  # noqa: S608 - the contract's own column names
        (as_of,),
    )
