"""The recipe "make a custom CRM field a feature" of CONTRIBUTING.md, typed into a copy of this repository.

In: a folder. Out: the copy, in which each of the recipe's five lines stands where the recipe says, and nothing else changed.
"""

import re
import shutil
from pathlib import Path

from config.settings import ROOT

TOLD = re.compile(r"\n   ```\w+\n(.*?)\n   ```", re.DOTALL)
MAPPING = "config/tenants/sandbox/fxiaoke.yml"
CONTRACT = "dbt_project/models/features/_features.yml"
WORDS = "ml/features.py"
# In the recipe's order: the file, and the line under which a person types.
PLACES = (
    (MAPPING, "    object: NewOpportunityObj\n    is_required: true\n    fields: {name: text, account_id: text,"),
    ("dbt_project/models/staging/stg_fxiaoke__opportunities.sql", "as dealer_id,"),
    ("dbt_project/models/features/feat_opportunity__custom.sql", "as days_to_bid,"),
    (CONTRACT, "- {name: days_to_close_date,"),
    (WORDS, '_DEAL.days("days_to_close_date",'),
)
CODE = ("config", "connectors", "dbt_project", "ml", "nightly", "sandbox", "warehouse")


def recipe() -> list[str]:
    """The lines that the recipe tells to type."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    section = text.split("**Make a custom CRM field a feature.**", 1)[1].split("\n**Add a mart.**", 1)[0]
    return TOLD.findall(section)


def typed(folder: Path) -> Path:
    """A copy of the code with the recipe followed."""
    for name in CODE:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "target", "logs"))
    for line, (path, above) in zip(recipe(), PLACES, strict=True):
        _insert(folder / path, above, line)
    return folder


def _insert(path: Path, above: str, line: str) -> None:
    before, found, after = path.read_text("utf-8").partition(above)
    assert found, f"{path.name} has no place {above!r}"
    rest, _, tail = after.partition("\n")
    path.write_text(f"{before}{found}{rest}\n{line}\n{tail}", "utf-8")
