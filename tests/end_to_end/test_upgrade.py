"""From older code with data in place to the code of now, or back: the older code is the commit before the newest migration came."""

import subprocess
import sys
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from tests.end_to_end.line import ROOT
from tests.end_to_end.tables import hashes, one
from tests.end_to_end.workplace import Workplace
from warehouse.builds import code_version
from warehouse.connection import connect
from warehouse.frames import fetch_all
from warehouse.migrate import MIGRATIONS, pending

LIKELIER = (
    "update scores.opportunity_scores set p_win_ever = p_win_ever + %s where opportunity_id ="
    " (select min(opportunity_id) from scores.opportunity_scores where as_of = (select max(as_of) from scores.opportunity_scores))"
)
DAYS = "select distinct builds.as_of::text from ops.publications join ops.builds using (build_id) order by 1"


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def older_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of before the newest migration."""
    if not (ROOT / ".git").exists():
        pytest.skip("a copy without its history has no older code")
    newest = sorted(MIGRATIONS.glob("[0-9]*.sql"))[-1].relative_to(ROOT)
    commit = git("log", "-1", "--diff-filter=A", "--format=%H", "--", str(newest)).decode().strip()
    if not commit:
        pytest.skip(f"{newest} is in no commit yet, or the history was cut off")
    folder = tmp_path_factory.mktemp("older")
    with tarfile.open(fileobj=BytesIO(git("archive", f"{commit}~1"))) as files:
        files.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def place(older_code: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """A data folder after a night of the older code, stopped."""
    place = Workplace(tmp_path_factory.mktemp("upgraded"), older_code)
    code, said = place.type("night")
    assert code == 0, said[-3000:]
    place.type("down")
    place.root = ROOT
    yield place
    place.type("down")


def shift(by: float) -> None:
    """Let the shown chance of one deal be another."""
    with connect("owner_ddl") as connection:
        connection.execute(LIKELIER, (by,))


def is_fed_otherwise(older_code: Path) -> bool:
    """Whether the older code's model was fed other features than ours: its chances cannot be compared then."""
    asked = (
        "import ml.features as fed; print(*(each.name for each in fed.FEATURES), getattr(fed, 'HORIZON_COLUMNS', None))"
    )
    told = [
        subprocess.run([sys.executable, "-c", asked], cwd=root, capture_output=True, text=True, check=True).stdout
        for root in (older_code, ROOT)
    ]
    return told[0] != told[1]


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_older_data_come_to_this_code_and_the_same_model_must_say_the_same(
    place: Workplace, older_code: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    backups = str(tmp_path_factory.mktemp("backups"))
    with place.looked_at():
        code, said = place.type("upgrade", "--to", backups, "--dry-run")
        assert (code, "would keep a backup, apply " in said) == (0, True), said
        missing, before = pending(), hashes()
        assert missing
        told = one("select count(*) from ops.writeback_receipts")
        landed = hashes(("landing",))
        takes_new = is_fed_otherwise(older_code)
        if takes_new:
            code, said = place.type("upgrade", "--to", backups)
            assert (code, "`make upgrade NEW_MODEL=1`" in said) == (1, True), said[-3000:]
            assert (hashes(), pending()) == (before, missing)
        code, said = place.type("upgrade", "--to", backups, *(["--new-model"] if takes_new else []))
        assert code == 0, said[-3000:]
        assert pending() == []
        assert landed.items() <= hashes(("landing",)).items()
        assert one("select count(*) from ops.writeback_receipts") == told
        published = "select builds.as_of::text, code_version from ops.builds join ops.published_build using (build_id)"
        assert one(published) == ("2026-05-20", code_version())

        assert place.type("advance")[0] == 0
        code, said = place.type("night")
        assert code == 0, said[-3000:]
        assert fetch_all("checker", DAYS) == [("2026-05-20",), ("2026-05-21",)]
        place.type("down")

        assert place.type("upgrade", "--to", backups, "--dry-run")[0] == 0  # starts the server
        shift(0.01)
        before = hashes()
        code, said = place.type("upgrade", "--to", backups)
        assert (code, "the same model gives other chances: 1 of " in said) == (1, True), said[-3000:]
        assert hashes() == before
        shift(-0.01)
        code, said = place.type("upgrade", "--to", backups)
        assert code == 0, said[-3000:]
