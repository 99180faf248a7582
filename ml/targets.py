"""What a model is asked: the win model asks of an open deal "won within h days?", the lead model of an open lead "converted by day 90?".

One engine answers both. A `Target` says which features the question has, by which of them simple rates are counted, and when an answer is
known. A lead's answer is known when the lead is `within_days` old, whatever became of it earlier: quick conversions alone would flatter
the newest leads.
"""

from dataclasses import dataclass, field
from functools import cached_property

from ml.contract import Feature
from ml.features import FEATURES, HORIZON_COLUMNS, HORIZON_TOLD_BY
from ml.lead_features import LEAD_FEATURES


@dataclass(frozen=True)
class Target:
    """One question and the columns that it turns on.

    `place`: the text whose values have simple rates; `set_rate`: the column with a rate that was set for it, "" where none is; `waited`:
    the days that refine the simple rates. `within_days`: the answer falls due at this age; None: any horizon may be asked, and the
    held-out question is the one of `judged_days`. `judged_rows`: the held-out window widens until it has as many.
    """

    name: str
    key: str
    table: str
    features: tuple[Feature, ...]
    place: str
    set_rate: str
    waited: str
    first_rate: float
    judged_days: int
    judged_rows: int
    record: str
    good: str
    question: str
    rates: tuple[str, str]
    told_by: dict[str, str] = field(hash=False)
    features_module: str
    within_days: int | None = None

    @cached_property
    def by_name(self) -> dict[str, Feature]:
        """The features by their names."""
        return {feature.name: feature for feature in self.features}

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Names of the text features."""
        return tuple(feature.name for feature in self.features if feature.kind == "text")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of all features as a frame has them: texts first."""
        return self.texts + tuple(feature.name for feature in self.features if feature.kind != "text")

    def feature_of(self, column: str) -> Feature:
        """The feature that speaks for a column of the model's matrix (a feature or a horizon column)."""
        return self.by_name[self.told_by.get(column, column)]


WIN = Target(
    name="win",
    key="opportunity_id",
    table="opportunity_features",
    features=FEATURES,
    place="stage_code",
    set_rate="stage_set_rate",
    waited="days_in_stage",
    first_rate=0.2,
    judged_days=30,
    judged_rows=200,
    record="deal",
    good="won",
    question="won within 30 days",
    rates=("stage rates", "stage x days-in-stage rates"),
    told_by=HORIZON_TOLD_BY,
    features_module="ml/features.py",
)
LEAD = Target(
    name="lead",
    key="lead_id",
    table="lead_features",
    features=LEAD_FEATURES,
    place="lead_source",
    set_rate="",
    waited="age_days",
    first_rate=0.1,
    judged_days=90,
    judged_rows=2000,
    record="lead",
    good="converted",
    question="converted within 90 days of creation",
    rates=("source rates", "source x age rates"),
    told_by=dict.fromkeys(HORIZON_COLUMNS, "age_days"),
    features_module="ml/lead_features.py",
    within_days=90,
)
TARGETS = {target.name: target for target in (WIN, LEAD)}
