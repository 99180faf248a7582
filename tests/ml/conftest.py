"""An invented pipeline with a known rule, as a frame of snapshots and as tables of schema `features`."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config.settings import settings
from ml.features import FEATURES
from ml.lead_features import LEAD_FEATURES
from ml.targets import WIN
from warehouse.clock import cutoff
from warehouse.connection import connect
from warehouse.frames import append_rows

AS_OF = date(2025, 6, 30)
TODAY = (AS_OF - date(1970, 1, 1)).days
LEAD_TABLES = ("lead_features", "lead_outcomes")
SQL_TYPE = {"text": "text", "number": "float8", "boolean": "bool"}


def invented(deals: int, *, days: int = 500, seed: int = 7) -> pd.DataFrame:
    """Snapshots every Monday of `deals` deals: customers who call often, in late stages, win sooner; a third of the amounts is missing."""
    draw = np.random.default_rng(seed)
    rows = []
    for deal in range(deals):
        created = TODAY - int(draw.integers(5, days))
        warmth, process = draw.normal(), ["equipment", "software"][int(draw.integers(2))]
        lasts = int(draw.gamma(4, 15 if process == "equipment" else 7)) + 2
        won = bool(draw.random() < 1 / (1 + np.exp(-1.5 * warmth + 0.8)))
        amount = float(round(draw.lognormal(12, 1), 2)) if draw.random() > 0.33 else np.nan
        for day in range(created, min(created + lasts, TODAY + 1)):
            if (day - 4) % 7 and day != TODAY:
                continue
            age = day - created
            stage = min(int(4 * age / lasts) + (1 if warmth > 0.5 else 0), 3)
            calls = int(draw.poisson(np.exp(0.6 * warmth)))
            known = created + lasts <= TODAY
            rows.append(
                {
                    "opportunity_id": f"O-{deal:05d}",
                    "day": day,
                    "sales_process": process,
                    "stage_code": f"S{stage + 1}",
                    "stage_set_rate": [0.1, 0.3, 0.5, 0.8][stage],
                    "age_days": float(age),
                    "days_in_stage": float(age % max(lasts // 4, 1)),
                    "interactions_count_30d": float(calls),
                    "days_since_last_interaction": float(draw.integers(0, 20)) if calls else np.nan,
                    "open_gross_amount": amount,
                    "has_amount": float(amount == amount),
                    "days_to_close_date": float(created + lasts - day + int(draw.integers(-10, 30))),
                    "days_to_period_end": float((TODAY - day) % 91 + (30 if day == TODAY else 0)),
                    "closed": float(created + lasts) if known else np.nan,
                    "known": float(created + lasts) if known else np.nan,
                    "is_won": won and known,
                }
            )
    frame = pd.DataFrame(rows).sort_values(["opportunity_id", "day"], ignore_index=True)
    for name in WIN.names:
        if name not in frame:
            frame[name] = pd.Series([None] * len(frame), dtype="object" if name in WIN.texts else "float")
    return frame


def make_tables() -> None:
    """Empty tables of schema `features` with the contract's columns."""
    columns, of_leads = (
        ", ".join(f"{feature.name} {SQL_TYPE[feature.kind]}" for feature in features)
        for features in (FEATURES, LEAD_FEATURES)
    )
    with connect("transformer") as connection:
        for name in (
            "opportunity_features",
            "opportunity_outcome_versions",
            "period_features",
            "opportunity_nodes",
            *LEAD_TABLES,
        ):
            connection.execute(f"drop table if exists features.{name}")
        connection.execute(
            f"""create table features.opportunity_features (opportunity_id text, as_of_date date, revision int, features_hash text,
                 {columns})"""
        )
        connection.execute("""create table features.opportunity_outcome_versions (opportunity_id text, outcome text, closed_on date,
                              outcome_known_on date, is_backfilled boolean, won_gross_amount numeric(18,2), valid_from timestamptz,
                              valid_to timestamptz, primary key (opportunity_id, valid_from))""")
        connection.execute("""create table features.period_features (as_of_date date, node_id text, window_id text, parent_node_id text,
                              window_kind text, period_id text, won_gross_amount numeric(18,2), new_gross_amount numeric(18,2),
                              rest_is_known boolean, window_ends_on date, open_won_gross_amount numeric(18,2),
                              window_starts_on date)""")
        connection.execute(
            "create table features.opportunity_nodes (as_of_date date, opportunity_id text, node_id text)"
        )
        connection.execute(
            f"create table features.lead_features (lead_id text, as_of_date date, revision int, features_hash text, {of_leads})"
        )
        connection.execute("""create table features.lead_outcomes (lead_id text primary key, is_converted boolean, created_on date,
                              closed_on date, answer_known_on date)""")
        connection.execute("grant select on all tables in schema features to ml")


def fill(frame: pd.DataFrame) -> None:
    """Write an invented pipeline into the tables made by `make_tables`."""
    day = [date.fromordinal(int(number) + date(1970, 1, 1).toordinal()) for number in frame["day"]]
    kinds = {"opportunity_id": "text", "as_of_date": "date", "revision": "int4", "features_hash": "text"} | {
        feature.name: SQL_TYPE[feature.kind] for feature in FEATURES
    }
    values = [
        [deal, on, 1, f"h{deal}{on}", *(_cell(name, row[name]) for name in [f.name for f in FEATURES])]
        for deal, on, row in zip(frame["opportunity_id"], day, frame.to_dict("records"), strict=True)
    ]
    last = frame.drop_duplicates("opportunity_id", keep="last")
    with connect("transformer") as connection:
        append_rows(connection, "features.opportunity_features", kinds, values)
        for deal, closed, won in zip(last["opportunity_id"], last["closed"], last["is_won"], strict=True):
            on = None if closed != closed else date.fromordinal(int(closed) + date(1970, 1, 1).toordinal())
            told = "infinity" if on is None else cutoff(on)
            insert = "insert into features.opportunity_outcome_versions values (%s, %s, %s, %s, false, null, %s, %s)"
            connection.execute(insert, (deal, "open", None, None, "-infinity", told))
            if on:
                connection.execute(insert, (deal, "won" if won else "lost", on, on, told, "infinity"))


def tell(on: date, before: str, now: str | None) -> None:
    """What the nights before knew as `before` is told otherwise by the night of a day: closed then as `now`, or deleted (None)."""
    with connect("transformer") as connection:
        connection.execute(
            """with ended as (
                   update features.opportunity_outcome_versions set valid_to = %(at)s
                   where valid_to = 'infinity' and valid_from < %(at)s and outcome = %(before)s returning opportunity_id
               )
               insert into features.opportunity_outcome_versions
               select opportunity_id, %(now)s, %(on)s, %(on)s, false, null, %(at)s, 'infinity' from ended
               where %(now)s::text is not null""",
            {"at": cutoff(on), "before": before, "now": now, "on": on},
        )


def _cell(name: str, value: object) -> object:
    if value is None or value != value:
        return None
    return bool(value) if name.startswith(("is_", "has_")) else value


@pytest.fixture(scope="session")
def pipeline() -> Callable[..., pd.DataFrame]:
    """The generator of invented pipelines."""
    return invented


@pytest.fixture
def features_schema(tenant_database: str) -> Callable[[pd.DataFrame], None]:
    """Fresh tables of schema `features`; call it with a pipeline to fill them."""
    make_tables()
    return fill


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home folder of the test's own, without a model."""
    monkeypatch.setenv("LANDFALL_HOME", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()
