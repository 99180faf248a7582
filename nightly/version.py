"""Which code is here, and which wrote the data folder last: what an upgrade starts from, and goes back to.

In: our own source files, the working copy's commit where there is one. Out: `<home>/version.json`.
"""

import json
import shutil
import subprocess
import tomllib

from config.private_files import write_private
from config.settings import ROOT, settings
from warehouse.builds import code_version

Version = dict[str, str]


def here() -> Version:
    """The code that runs: release, commit ('' without a repository) and the hash that builds carry."""
    release = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    return {"release": release, "commit": _commit(), "code": code_version()}


def _commit() -> str:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return ""
    command = [git, "-C", str(ROOT), "describe", "--tags", "--always"]
    return subprocess.run(command, text=True, capture_output=True, check=False).stdout.strip()


def of_the_data() -> Version:
    """The code that wrote the data folder last; empty for a folder from before it was noted."""
    path = settings().home / "version.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def note(version: Version | None = None) -> None:
    """Say in the data folder which code wrote it last: the one that is here, unless said."""
    told = here() if version is None else version
    if of_the_data() != told:
        settings().home.mkdir(parents=True, exist_ok=True)
        write_private(settings().home / "version.json", json.dumps(told, indent=1) + "\n")


def said(version: Version) -> str:
    """As people read it."""
    if not version:
        return "an unknown version"
    return f"{version['release']} ({version['commit'] or version['code'][:12]})"
