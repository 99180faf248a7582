"""What the product is made of: every package of the lock with version, hashes and licence, as a CycloneDX bill of materials.

In: `requirements.lock` and what the installed packages say of themselves. Out: JSON (CycloneDX 1.6), the same for the same lock; and the
number of packages by licence.
"""

import json
import re
from collections import Counter
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from config.settings import ROOT

_PACKAGE = re.compile(r"^([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
UNKNOWN = "not said"
LONGEST = 60  # a longer field is a licence's text, not its name


def components(lock: Path = ROOT / "requirements.lock") -> list[dict[str, Any]]:
    """One component a package of the lock, in its order."""
    found: list[dict[str, Any]] = []
    for line in lock.read_text("utf-8").splitlines():
        if begun := _PACKAGE.match(line):
            name, version = begun.groups()
            found.append({
                "type": "library", "bom-ref": f"{name}@{version}", "name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}",
                "licenses": [{"license": {"name": licence_of(name)}}], "hashes": [],
            })  # fmt: skip
        if found:
            found[-1]["hashes"] += [{"alg": "SHA-256", "content": each} for each in _HASH.findall(line)]
    return found


def licence_of(name: str) -> str:
    """A package's licence as it names it itself: its expression, its classifiers, or its short field."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return "not installed on this platform"
    if "License-Expression" in told:
        return str(told["License-Expression"])
    named = [each.split(" :: ")[-1] for each in told.get_all("Classifier") or [] if each.startswith("License :: ")]
    if named := [each for each in named if each != "OSI Approved"]:
        return " AND ".join(sorted(named))
    short = " ".join(told.get_all("License") or []).strip()
    return short if short and len(short) <= LONGEST and "\n" not in short else UNKNOWN


def write(path: Path) -> int:
    """Write the bill of materials and print the licences; returns the exit code."""
    parts = components()
    told = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
            "metadata": {"component": {"type": "application", "bom-ref": "landfall", "name": "landfall"}}, "components": parts}  # fmt: skip
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")
    for licence, number in Counter(part["licenses"][0]["license"]["name"] for part in parts).most_common():
        print(f"{number:>4}  {licence}")
    print(f"{len(parts)} packages are in {path}")
    return 0
