"""Do the day's open deals still look like what the model learned from? Judged without labels on every scoring day, feature by feature.

In: the day's open deals, the profiles of the build's model. Out: rows of `ops.feature_drift`, and the sentence why a new model may not
be learned from a field that changed its unit or went missing. A day is compared with what days of the training window differ by among
themselves, so that the calendar and a book that is always young or old raise no alarm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from ml.dataset import GRID_START, feature_columns
from ml.profiles import WINDOW_DAYS, Profile, missing_of, new_of, profile_of, psi, shift_of
from ml.records import Row
from ml.targets import WIN
from warehouse.connection import connect
from warehouse.frames import append_rows, fetch_all, read_frame

PSI_ALARM = 0.25  # the usual bound of "changed"; on real sets it found the fields that changed their meaning
MISSING_ALARM, NEW_ALARM = 0.15, 0.05  # shares beyond what days of the window differ by
BEYOND_USUAL = 1.5  # times what days of the window differ by
NOISE = 3.0  # times what chance alone makes: of PSI (bins - 1) × (1/n + 1/m), of a share its standard error
UNIT_SHIFT = 1.5  # powers of ten by which the usual size moves: 元 for 万元 is 4, cents for units 2
LEAST_DEALS, LEAST_DAYS = 10, 8  # of the day's deals; of the window's days, before one can say what is usual
COLUMNS = {
    "build_id": "text", "as_of": "date", "model_version": "text", "feature": "text", "verdict": "text", "said_zh": "text",
    "said_en": "text", "psi": "float8", "psi_limit": "float8", "missing_rate": "float8", "training_missing_rate": "float8",
    "new_values_rate": "float8", "unit_factor": "float8", "is_drifted": "bool",
}  # fmt: skip
PROFILE_COLUMNS = {"model_version": "text", "feature": "text", "profile": "jsonb"}


@dataclass(frozen=True)
class Finding:
    """How one feature of the day lies against the model's profile; `verdict` is none, psi, missing, new_values or unit."""

    feature: str
    verdict: str
    psi: float
    psi_limit: float
    missing: float
    missing_before: float
    new_values: float
    unit_factor: float

    @property
    def stops_training(self) -> bool:
        """Whether no model should be learned from the field as it is: its unit changed, or it went missing.

        A field that begins to be filled is named and learned from: if it stopped training, no model would ever know it.
        """
        return self.verdict == "unit" or (self.verdict == "missing" and self.missing > self.missing_before)

    def said(self, lang: str) -> str:
        """The sentence to act on, "" when nothing is to be said."""
        name = getattr(WIN.by_name[self.feature], lang) if self.feature in WIN.by_name else self.feature
        told = {
            "psi": self.psi, "limit": self.psi_limit, "now": f"{self.missing:.0%}", "before": f"{self.missing_before:.0%}",
            "new": f"{self.new_values:.0%}", "factor": f"{self.unit_factor:g}", "name": name, "feature": self.feature,
        }  # fmt: skip
        return WORDS[lang][self.verdict].format(**told)


WORDS = {
    "zh": {
        "none": "", "psi": "{name}（{feature}）的分布变了：PSI {psi:.2f}，容许 {limit:.2f}",
        "missing": "{name}（{feature}）缺失 {now}，训练时 {before}", "new_values": "{name}（{feature}）有 {new} 是训练时没有见过的取值",
        "unit": "{name}（{feature}）的数量级变了约 {factor} 倍：单位是否改了（元与万元）？",
    },
    "en": {
        "none": "", "psi": "{name} ({feature}) is distributed otherwise: PSI {psi:.2f}, {limit:.2f} allowed",
        "missing": "{name} ({feature}) is missing in {now} of the deals, in training {before}",
        "new_values": "{name} ({feature}): {new} of the deals have values never seen in training",
        "unit": "{name} ({feature}) is about {factor} times its usual size: did its unit change (元 and 万元)?",
    },
}  # fmt: skip


def findings(profiles: dict[str, Profile], deals: pd.DataFrame) -> list[Finding]:
    """One finding per profiled feature that the day's deals carry; fewer than ten deals tell nothing."""
    return [_finding(name, profiles[name], deals[name]) for name in sorted(profiles) if name in deals]


def _finding(name: str, profile: Profile, column: pd.Series) -> Finding:
    known = int(column.notna().sum())
    noise = NOISE * (max(len(profile.shares), 2) - 1) * (1 / max(known, 1) + 1 / max(profile.deals, 1))
    limit = max(PSI_ALARM, BEYOND_USUAL * profile.usual_psi, noise)
    moved, missing, new, shift = (
        psi(profile, column),
        missing_of(column),
        new_of(profile, column),
        shift_of(profile, column),
    )
    chance = (
        NOISE * (profile.missing * (1 - profile.missing) * (1 / max(len(column), 1) + 1 / max(profile.deals, 1))) ** 0.5
    )
    is_known_usual = profile.days >= LEAST_DAYS
    can_shift = is_known_usual or (name in WIN.by_name and WIN.by_name[name].unit == "money")
    verdicts = {
        "unit": can_shift and known >= LEAST_DEALS and abs(shift) > max(UNIT_SHIFT, BEYOND_USUAL * profile.usual_shift),
        "missing": is_known_usual
        and abs(missing - profile.missing) > max(MISSING_ALARM, BEYOND_USUAL * profile.usual_missing, chance),
        "new_values": is_known_usual and new > max(NEW_ALARM, BEYOND_USUAL * profile.usual_new) and new * known >= 2,
        "psi": is_known_usual and known >= LEAST_DEALS and moved > limit,
    }
    verdict = (
        next((kind for kind, holds in verdicts.items() if holds), "none") if len(column) >= LEAST_DEALS else "none"
    )
    return Finding(name, verdict, moved, limit, missing, profile.missing, new, float(10 ** round(shift)))


def profiles_of(model_version: str) -> dict[str, Profile]:
    """Profiles of a model's training window; made from the features and kept when they are asked for first."""
    query = "select feature, profile from ops.feature_profiles where model_version = %s"
    kept = fetch_all("ml", query, (model_version,))
    if not kept:
        ((model_day,),) = fetch_all("ml", "select as_of from scores.models where model_version = %s", (model_version,))
        _keep(model_version, model_day)
        kept = fetch_all("ml", query, (model_version,))
    return {feature: Profile(**profile) for feature, profile in kept}


def _keep(model_version: str, model_day: date) -> None:
    window = read_frame(
        "ml",
        f"""
        select distinct on (f.opportunity_id, f.as_of_date) f.opportunity_id, (f.as_of_date - date '1970-01-01')::int as day,
            {feature_columns("f")}
        from features.opportunity_features as f
        where f.as_of_date <= %s and f.as_of_date > %s - %s and (f.as_of_date - date '{GRID_START}') %% 7 = 0
        order by f.opportunity_id, f.as_of_date, f.revision desc""",  # noqa: S608 - the contract's own column names
        (model_day, model_day, WINDOW_DAYS),
    )
    day, deals = window["day"].to_numpy(dtype=float), int(window["opportunity_id"].nunique())
    rows = [
        (model_version, name, profile_of(window[name], day, deals, is_text=name in WIN.texts).to_json())
        for name in WIN.names
    ]
    with connect("ml") as connection:
        append_rows(connection, "ops.feature_profiles", PROFILE_COLUMNS, rows)


def rows_of(found: Sequence[Finding], build_id: str, as_of: date, model_version: str) -> list[Row]:
    """The findings in the order of COLUMNS."""
    return [
        (
            build_id, as_of, model_version, each.feature, each.verdict, each.said("zh"), each.said("en"), each.psi, each.psi_limit,
            each.missing, each.missing_before, each.new_values, each.unit_factor, each.verdict != "none",
        )
        for each in found
    ]  # fmt: skip


def judge_day(deals: pd.DataFrame, build_id: str, as_of: date, model_version: str) -> list[Finding]:
    """Judge the day's open deals and keep the findings of the build, once; returns those that drifted."""
    found = findings(profiles_of(model_version), deals)
    with connect("ml") as connection:
        known: Any = connection.execute(
            "select 1 from ops.feature_drift where build_id = %s limit 1", (build_id,)
        ).fetchone()
        if known is None:
            append_rows(connection, "ops.feature_drift", COLUMNS, rows_of(found, build_id, as_of, model_version))
    return [each for each in found if each.verdict != "none"]


def doubt_of_day(deals: pd.DataFrame, model_version: str) -> str:
    """Why no model should be learned from fields as they are now, or "": units that changed, fields that went missing."""
    found = [each for each in findings(profiles_of(model_version), deals) if each.stops_training]
    told = "; ".join(each.said("en") for each in found)
    return f"{told}: correct the field's mapping or its source, rerun its days, then train again" if found else ""
