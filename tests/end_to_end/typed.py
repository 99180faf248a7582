"""Pages to the letter: the commands that stand in a page of docs/, as a script, and what a shell makes of it."""

import os
import re
import subprocess
from pathlib import Path

from config.settings import ROOT


def commands(page: str, home: Path) -> str:
    """The page's commands in order, in a folder of their own."""
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "docs" / page).read_text("utf-8"), re.DOTALL)
    return "set -euo pipefail\n" + "\n".join(blocks).replace("$PWD/var", str(home))


def run(script: str) -> subprocess.CompletedProcess[str]:
    """Run by bash in the repository, without settings of ours."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LANDFALL_")}
    return subprocess.run(
        ["bash", "-c", script], env=kept, cwd=ROOT, text=True, capture_output=True, check=False, timeout=3600
    )
