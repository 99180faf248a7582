"""A model's folder: believed only with its digests, kept where it is whole, and named where it is not."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ml import bundle
from ml.dataset import Rows, rows_from
from ml.model import fit
from tests.ml.conftest import AS_OF, TODAY
from warehouse.steps import StepError


@pytest.fixture(scope="module")
def rows(pipeline: Callable[..., pd.DataFrame]) -> Rows:
    return rows_from(pipeline(60))


def test_a_bundle_changed_on_disk_is_refused(rows: Rows, home: Path) -> None:
    kept = bundle.save(fit(rows, TODAY, "smoothed", seed=1), AS_OF, seed=1)
    tier = kept.folder / "tier.json"
    tier.write_bytes(tier.read_bytes().replace(b"S1", b"S9"))
    with pytest.raises(StepError, match=r"tier\.json no longer has its digest"):
        bundle.load(kept.version)


def test_a_whole_bundle_is_kept_as_it_is_and_a_damaged_one_is_made_anew(rows: Rows, home: Path) -> None:
    """A score that ran beside a second training read a folder half taken away, and a kill in between left no champion."""
    model = fit(rows, TODAY, "smoothed", seed=1)
    kept = bundle.save(model, AS_OF, seed=1)
    held = kept.folder.stat().st_ino
    bundle.save(model, AS_OF, seed=1)
    assert kept.folder.stat().st_ino == held
    (kept.folder / "tier.json").write_bytes(b"")
    assert bundle.load(bundle.save(model, AS_OF, seed=1).version).digest == kept.digest


@pytest.mark.parametrize("content", [b"\xff not a manifest", b"{}", b'{"features": [], "model_name": "loss"}'])
def test_a_manifest_changed_on_disk_is_refused_before_it_is_believed(content: bytes, rows: Rows, home: Path) -> None:
    """One flipped byte ended a night in a traceback, since the manifest was parsed before its digest was looked at."""
    kept = bundle.save(fit(rows, TODAY, "smoothed", seed=1), AS_OF, seed=1)
    (kept.folder / "manifest.json").write_bytes(content)
    with pytest.raises(StepError, match=r"manifest\.json no longer has its digest"):
        bundle.load(kept.version)
    assert not bundle.is_for_other_features(kept.version)


def test_a_model_from_before_models_named_their_target_was_made_for_other_features(home: Path) -> None:
    manifest = b'{"features": ["age_days"], "files": {}}'
    version = f"win-2025-06-30-{hashlib.sha256(manifest).hexdigest()[:12]}"
    (bundle.models_home() / version).mkdir(parents=True)
    (bundle.models_home() / version / "manifest.json").write_bytes(manifest)
    assert bundle.is_for_other_features(version)
    with pytest.raises(StepError, match="was trained on other features than ml/features"):
        bundle.load(version)


def test_a_bundle_that_is_not_there_says_how_to_make_it(home: Path) -> None:
    with pytest.raises(StepError, match="run `python -m ml train --as-of 2025-06-30`"):
        bundle.load("win-2025-06-30-0123456789ab")
