"""What speaks against training on the rows at hand: nothing to learn from, only one outcome, damaged values, or fewer deals than before.

In: `Rows`, the training day, the champion's tier. Out: a sentence, or "" when nothing does. A model made from such rows would score worse
than the one that stands, and no held-out figure would show it.
"""

import numpy as np

from ml.dataset import Rows
from ml.model import TIERS, allowed_tier


def damage(rows: Rows) -> str:
    """Which column holds values that no source can have meant, or ""."""
    for name in rows.features.columns:
        if name in rows.texts:
            continue
        infinite = int(np.isinf(rows.features[name].to_numpy(dtype=float, na_value=np.nan)).sum())
        if infinite:
            return f"{name} is infinite in {infinite} training snapshots"
    return ""


def doubt(rows: Rows, today: int, champion_tier: str) -> str:
    """Why the champion should stand, or ""."""
    won, lost = rows.closed_deals(today)
    record, good = rows.target.record, rows.target.good
    if not len(rows):
        return "there is no training snapshot"
    if won + lost == 0:
        return f"no {record}'s outcome is known"
    if min(won, lost) == 0:
        return f"all {won + lost} closed {record}s were {good if won else 'lost'}"
    allowed = allowed_tier(rows, today)
    if TIERS.index(allowed) < TIERS.index(champion_tier):
        return f"{won} {good} and {lost} lost {record}s allow {allowed} only, and closed {record}s do not become fewer"
    return damage(rows)
