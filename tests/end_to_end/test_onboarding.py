"""`docs/onboarding.md` followed to the letter: from nothing to scores written back for a tenant whose CRM was set up by somebody else."""

import json
import os
import re
import sqlite3
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.soak


def commands(home: Path) -> str:
    """The page's commands in order, in a folder of their own."""
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "docs" / "onboarding.md").read_text("utf-8"), re.DOTALL)
    return "set -euo pipefail\n" + "\n".join(blocks).replace("$PWD/var", str(home))


def run(script: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LANDFALL_")}
    return subprocess.run(
        ["bash", "-c", script], env=kept, cwd=ROOT, text=True, capture_output=True, check=False, timeout=3600
    )


def test_the_page_leads_from_nothing_to_scores_in_the_crm(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        if folder.name.startswith("pytest-"):
            folder.chmod(0o755)  # the database server runs as nobody, who must be able to enter
    script = commands(tmp_path)
    try:
        done = run(script)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    finally:
        run(f"export LANDFALL_TENANT=jiangnan LANDFALL_HOME={tmp_path}/jiangnan; make down")
    assert re.search(r"write-back would send 0 of [1-9]\d* to fxiaoke; nothing was sent", done.stdout)
    assert "  amount: dated since 20" in done.stdout
    with sqlite3.connect(tmp_path / "jiangnan" / "sandbox" / "company.sqlite") as company:
        scored = company.execute(
            "select count(*) from journal where object = 'NewOpportunityObj' and fields ->> 'lf_band__c' in ('A', 'B', 'C', 'D')"
        ).fetchone()[0]
        words = json.loads(company.execute("select value from state where key = 'created_fields'").fetchone()[0])
    assert (scored > 10, len(words)) == (True, 8)
