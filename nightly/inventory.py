"""What the product is made of: every package of its locks with version, hashes and licence, as a CycloneDX bill of materials.

In: the locks of the pipeline, the pages and the bench, and what the installed packages of each environment say of themselves. Out: JSON
(CycloneDX 1.6), the same for the same locks; a package of several locks stands once a version, with the locks that name it; and the number
of packages by licence.
"""

import json
import re
from collections import Counter
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from config.settings import ROOT

_PACKAGE = re.compile(r"^([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
UNKNOWN = "not said"
LOCKS = {  # lock → the environment that is installed from it
    "requirements.lock": ".venv", "bi/requirements.lock": ".venv-bi", "bench/requirements.lock": ".venv-bench",
}  # fmt: skip
ABSENT = "not installed here"
LONGEST = 60  # a longer field is a licence's text, not its name


def components() -> list[dict[str, Any]]:
    """One component a package and version, in the order of the locks."""
    found: dict[str, dict[str, Any]] = {}
    for lock, environment in LOCKS.items():
        for part in _of_lock(ROOT / lock, _installed(ROOT / environment)):
            held = found.setdefault(part["bom-ref"], part)
            held["properties"].append({"name": "landfall:lock", "value": lock})
            held["hashes"] += [each for each in part["hashes"] if each not in held["hashes"]]
            if held["licenses"][0]["license"]["name"] == ABSENT:
                held["licenses"] = part["licenses"]
    return list(found.values())


def _installed(environment: Path) -> dict[str, Distribution]:
    """The packages of an environment by their names as locks write them; none where it was not made."""
    folders = [str(path) for path in environment.glob("lib/python*/site-packages")]
    named = ((str(each.metadata["Name"]), each) for each in distributions(path=folders)) if folders else ()
    return {re.sub(r"[-_.]+", "-", name).lower(): each for name, each in named}


def _of_lock(lock: Path, installed: dict[str, Distribution]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for line in lock.read_text("utf-8").splitlines():
        if begun := _PACKAGE.match(line):
            name, version = begun.groups()
            found.append({
                "type": "library", "bom-ref": f"{name}@{version}", "name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}",
                "licenses": [{"license": {"name": licence_of(installed.get(name))}}], "hashes": [], "properties": [],
            })  # fmt: skip
        if found:
            found[-1]["hashes"] += [{"alg": "SHA-256", "content": each} for each in _HASH.findall(line)]
    return found


def licence_of(package: Distribution | None) -> str:
    """A package's licence as it names it itself: its expression, its classifiers, or its short field."""
    if package is None:
        return ABSENT
    told = package.metadata
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
