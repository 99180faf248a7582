"""The pages of onboarding to the letter: from nothing to scores written back, from a CRM that somebody else set up or from exports."""

import csv
import json
import re
import sqlite3
from pathlib import Path

import pytest

from tests.end_to_end.typed import commands, run

pytestmark = pytest.mark.soak


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder that the database server, who runs as nobody, may enter."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.name.startswith("pytest-"):
            folder.chmod(0o755)
    return tmp_path


def follow(page: str, home: Path, tenant: str) -> str:
    """Type the page's commands; returns what they printed."""
    try:
        done = run(commands(page, home))
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    finally:
        run(f"export LANDFALL_TENANT={tenant} LANDFALL_HOME={home}/{tenant}; make down")
    return done.stdout


def test_a_folder_of_exports_becomes_scores(home: Path) -> None:
    printed = follow("onboarding-files.md", home, "yours")
    assert "opportunities: 商机.csv" in printed
    assert "doubtful:" not in printed
    ready = (home / "yours" / "outputs" / "sandbox" / "readiness.txt").read_text("utf-8")
    assert ready.count("得分") == 5
    with (home / "yours" / "outputs" / "yours" / "opportunity_scores_2026-05-20.csv").open(
        encoding="utf-8-sig"
    ) as file:
        scores = list(csv.DictReader(file))
    assert len(scores) > 50
    assert {row["band"] for row in scores} <= {"A", "B", "C", "D"}


def test_the_page_leads_from_nothing_to_scores_in_the_crm(home: Path) -> None:
    printed = follow("onboarding.md", home, "jiangnan")
    assert re.search(r"write-back would send 0 of [1-9]\d* to fxiaoke; nothing was sent", printed)
    assert "  amount: dated since 20" in printed
    with sqlite3.connect(home / "jiangnan" / "sandbox" / "company.sqlite") as company:
        scored = company.execute(
            "select count(*) from journal where object = 'NewOpportunityObj' and fields ->> 'lf_band__c' in ('A', 'B', 'C', 'D')"
        ).fetchone()[0]
        words = json.loads(company.execute("select value from state where key = 'created_fields'").fetchone()[0])
    with (home / "tenants" / "jiangnan" / "fields_to_create.csv").open(encoding="utf-8-sig") as file:
        listed = list(csv.DictReader(file))
    assert (scored > 10, sorted(field for _, field in words)) == (True, sorted(row["field"] for row in listed))
    assert len({row["object"] for row in listed}) == 2, "deals and leads"
