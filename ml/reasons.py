"""Why a deal has its probability: features of one theme summed, the five strongest themes put into words, in Chinese and English.

In: the model's exact contributions to the log-odds of p_win_by_period_end. Out: per deal, contributions by theme (with `calibration`, they
and the base add up to that log-odds) and at most five sentences. A theme is told through its strongest feature of the theme's own sign.
"""

import math
from typing import Any

import numpy as np
import pandas as pd

from ml.contract import Feature
from ml.dataset import Floats
from ml.model import WinModel

SENTENCES = 5
TELLING = 0.005  # log-odds: a weaker theme is not put into words


def explain(
    model: WinModel, frame: pd.DataFrame, horizon: Floats
) -> tuple[list[dict[str, float]], list[list[dict[str, Any]]], Floats]:
    """Per deal: theme → contribution, sentences {theme, feature, contribution, zh, en}; and (n,) base log-odds."""
    parts, base, calibration = model.explain(frame, horizon)
    columns = list(model.tier.columns)
    themes = [model.target.feature_of(column).theme for column in columns]
    records: list[dict[str, Any]] = [
        dict(zip(frame.columns, values, strict=True)) for values in frame.itertuples(index=False)
    ]
    sums, told = [], []
    for row, record in enumerate(records):
        by_theme: dict[str, float] = {}
        for theme, part in zip(themes, parts[row], strict=True):
            by_theme[theme] = by_theme.get(theme, 0.0) + float(part)
        told.append(_sentences(model, columns, themes, parts[row], by_theme, record))
        sums.append({**by_theme, "calibration": float(calibration[row])})
    return sums, told, base


def _sentences(
    model: WinModel,
    columns: list[str],
    themes: list[str],
    parts: Floats,
    by_theme: dict[str, float],
    record: dict[str, Any],
) -> list[dict[str, Any]]:
    ranked = sorted(by_theme, key=lambda theme: (-abs(by_theme[theme]), theme))[:SENTENCES]
    found = []
    for theme in ranked:
        if abs(by_theme[theme]) < TELLING:
            continue
        sign = np.sign(by_theme[theme])
        _, column = max((sign * parts[i], columns[i]) for i in range(len(columns)) if themes[i] == theme)
        feature = model.target.feature_of(column)
        zh, en = sentence(feature, record.get(feature.name), typical(model, feature, record))
        found.append({"theme": theme, "feature": feature.name, "contribution": by_theme[theme], "zh": zh, "en": en})
    return found


def typical(model: WinModel, feature: Feature, record: dict[str, Any]) -> float | None:
    """Winners' median of a number, or share of winners with the deal's own value: in its stage (leads: source) where enough won there,
    else overall; None where no winner has any value."""
    place = model.target.place
    value, stage = record.get(feature.name), record.get(place)
    own = model.typical.get(stage) if isinstance(stage, str) and feature.name != place else None
    shown = own or model.typical[""]
    if feature.kind == "number":
        median: float | None = shown["medians"].get(feature.name)
        return median
    if value is None or _absent(value):
        return None
    shares: dict[str, float] = shown["shares"].get(feature.name, {})
    return shares.get(value if isinstance(value, str) else str(int(value)), 0.0) if shares else None


def sentence(feature: Feature, value: Any, usual: float | None) -> tuple[str, str]:
    """The two sentences on one feature: fact, figure, and what winners show, left out where that is unknown or the same."""
    if _absent(value):
        return feature.missing_zh, feature.missing_en
    zh, en = feature.template_zh, feature.template_en
    said = "" if usual is None else _figure(usual, feature.unit if feature.kind == "number" else "rate", "zh")
    if usual is None or (feature.kind == "number" and said == _figure(value, feature.unit, "zh")):
        zh, en = zh[: zh.rindex("，")], en[: max(en.rfind(";"), en.rfind(","))]
    return (
        zh.format(value=_figure(value, feature.unit, "zh"), typical=said),
        en.format(value=_figure(value, feature.unit, "en"), typical=said),
    )


def _figure(value: Any, unit: str, lang: str) -> str:
    match unit:
        case "text":
            return str(value)
        case "yes_no":
            return ("是" if value else "否") if lang == "zh" else ("yes" if value else "no")
        case "rate":
            return f"{100 * value:.0f}%"
        case "money":
            return f"{value:,.0f}"
        case _:
            return f"{value:.0f}"


def _absent(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
