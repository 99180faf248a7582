"""A full disk: PostgreSQL lies on a small memory disk of a user namespace of its own, which is filled up before the line extracts."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.conftest import LineMaker
from tests.end_to_end.line import ROOT

pytestmark = pytest.mark.slow
INSIDE = Path(__file__).with_name("inside_small_disk.py")
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]


def _refused() -> str:
    """Why no small disk can be mounted here without rights; empty when it can."""
    if shutil.which("unshare") is None:
        return "there is no `unshare` here, so no small disk can be mounted without root"
    probe = [*NAMESPACE, "sh", "-c", "mount -t tmpfs none /mnt && unshare --user --map-user=65534 true"]
    done = subprocess.run(probe, text=True, capture_output=True, check=False)
    return f"user namespaces are closed here: {done.stderr.strip()}" if done.returncode else ""


@pytest.mark.skipif(bool(_refused()), reason=_refused())
def test_a_full_disk_is_named_and_after_making_room_everything_lands_once(new_line: LineMaker, tmp_path: Path) -> None:
    line = new_line("disk", history="none")
    home = tmp_path / "home"
    (home / "postgres").mkdir(parents=True)
    env = line.env(HOME=str(home), PG_EMBEDDED="true", SANDBOX="false", FXIAOKE_BASE_URL=line.crm_address())
    for name in ("LANDFALL_PG_PORT", "LANDFALL_PG_PASSFILE", "PGPASSFILE"):
        env.pop(name, None)
    become = f"mount -t tmpfs -o size=130m,mode=777 none {home / 'postgres'} && exec unshare --user --map-user=65534 --map-group=65534"
    command = [*NAMESPACE, "sh", "-c", f'{become} "$@"', "sh", sys.executable, str(INSIDE), line.day.isoformat()]
    done = subprocess.run(command, env=env, cwd=ROOT, text=True, capture_output=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])

    assert seen["full"]["code"] == 1
    assert seen["full"]["last_line"].startswith("PostgreSQL has no disk space left: free some, then rerun")
    assert "Traceback" not in seen["full"]["output"]
    assert seen["watermarks_when_full"] == 0
    assert seen["again"]["code"] == 0, seen["again"]["output"]
    assert seen["sums_hold"]
    line.ask("connectors", "extract", "--as-of", line.day.isoformat())
    assert seen["landed"] == json.loads(line.ask("tests.end_to_end.inside_small_disk", "landed"))
    assert seen["landed"]["fxiaoke__opportunities"][0] > 50
