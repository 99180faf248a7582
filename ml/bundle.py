"""A model as a folder: `manifest.json`, `tier.json` and a `.ubj` per booster. No pickle; the digest over all of it is its name.

Local folders under `<home>/models` are what the night scores with; the registry (MLflow) holds copies. The same training rows give the same
bytes and therefore the same version.
"""

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from config.settings import settings
from ml.amounts import Amounts
from ml.calibration import Calibration
from ml.features import HORIZON_COLUMNS
from ml.model import WinModel, restore
from ml.targets import TARGETS, WIN, Target
from warehouse.steps import StepError


@dataclass(frozen=True)
class Bundle:
    """A model, its version and digest (sha256, hex), and the folder that holds it."""

    model: WinModel
    version: str
    digest: str
    folder: Path


def models_home() -> Path:
    """Folder of all local bundles."""
    return settings().home / "models"


def save(model: WinModel, as_of: date, seed: int) -> Bundle:
    """Write `model`, trained on what was known on `as_of`; a folder of the same version is kept as it is if it is whole."""
    name, parts = model.target.name, model.tier.files()
    files = {f"{kind}.ubj": content for kind, content in parts.pop("boosters", {}).items()}
    files["tier.json"] = _canonical(parts)
    manifest = {
        "model_name": name,
        "as_of": as_of.isoformat(),
        "tier": model.name,
        "features": fed(model.target),
        "amounts": asdict(model.amounts),
        "calibration": asdict(model.calibration),
        "closed": model.closed,
        "ever_days": model.ever_days,
        "seed": seed,
        "typical": model.typical,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    files["manifest.json"] = _canonical(manifest)
    digest = hashlib.sha256(files["manifest.json"]).hexdigest()
    bundle = Bundle(model, f"{name}-{as_of}-{digest[:12]}", digest, models_home() / f"{name}-{as_of}-{digest[:12]}")
    if is_whole(bundle.version):
        return bundle
    fresh = bundle.folder.with_name(f"{bundle.folder.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name, content in files.items():
        (fresh / name).write_bytes(content)
    shutil.rmtree(bundle.folder, ignore_errors=True)
    fresh.rename(bundle.folder)
    return bundle


def is_whole(version: str) -> bool:
    """Whether the local bundle is there, every file of it with its digest."""
    return not _read(version)[2]


def fed(target: Target) -> list[str]:
    """What a model of `target` that is trained now is fed, in order."""
    return [*target.names, *HORIZON_COLUMNS]


def is_for_other_features(version: str) -> bool:
    """Whether the local bundle was trained on other features than its target lists now; not of one that is damaged, as `load` will say."""
    manifest, _, changed = _read(version)
    return not changed and manifest["features"] != fed(_target(manifest))


def load(version: str) -> Bundle:
    """Read a local bundle and verify it byte for byte. Raises StepError when it is absent, changed, or made for other features."""
    folder = models_home() / version
    if not (folder / "manifest.json").exists():
        raise StepError(
            f"model {version} is not in {models_home()}: run `python -m ml train --as-of {version[-23:-13]}`, "
            f"which makes the same version from the same rows, then rerun"
        )
    manifest, files, changed = _read(version)
    if changed:
        raise StepError(
            f"model {version} was changed on disk ({', '.join(changed)} no longer has its digest): "
            f"delete {folder} and train again, then rerun"
        )
    target = _target(manifest)
    if manifest["features"] != fed(target):
        raise StepError(
            f"model {version} was trained on other features than {target.features_module} lists: train again, then rerun"
        )
    parts: dict[str, Any] = json.loads(files["tier.json"])
    parts["boosters"] = {name.removesuffix(".ubj"): files[name] for name in files if name.endswith(".ubj")}
    model = WinModel(
        manifest["tier"],
        restore(manifest["tier"], parts),
        Calibration(**manifest["calibration"]),
        manifest["ever_days"],
        manifest["typical"],
        target,
        Amounts(**manifest.get("amounts", {})),
        tuple(manifest["closed"]) if manifest.get("closed") else None,
    )
    return Bundle(model, version, hashlib.sha256(files["manifest.json"]).hexdigest(), folder)


def _read(version: str) -> tuple[dict[str, Any], dict[str, bytes], list[str]]:
    """Manifest, bytes of every file, and the files without their digest. A manifest without its own is not parsed: it may say anything."""
    folder = models_home() / version
    files = {"manifest.json": _bytes(folder / "manifest.json")}
    if not version.endswith(hashlib.sha256(files["manifest.json"]).hexdigest()[:12]):
        return {}, files, ["manifest.json"]
    manifest: dict[str, Any] = json.loads(files["manifest.json"])
    files |= {name: _bytes(folder / name) for name in manifest["files"]}
    changed = [name for name, kept in manifest["files"].items() if hashlib.sha256(files[name]).hexdigest() != kept]
    return manifest, files, changed


def _target(manifest: dict[str, Any]) -> Target:
    """A manifest from before there was a lead model names no target."""
    return TARGETS[manifest.get("model_name", WIN.name)]


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _canonical(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False, indent=1).encode()
