"""What is kept between runs of the bench is named by the code that made it."""

from pathlib import Path

import orjson
import pytest

from bench.code import code_of, modules_of
from bench.lived import Lived
from bench.worlds import BESIDE, PACKAGES, kept_at, worlds
from config.settings import ROOT


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """A module that imports one directly, a second through it, and a third not at all; a query lies beside."""
    for name, text in {
        "ml/__init__.py": "",
        "ml/fit.py": "from ml.pairs import drawn",
        "ml/pairs.py": "def drawn():\n    from ml import targets",
        "ml/targets.py": "WIN = 1",
        "ml/score.py": "import ml.fit",
        "sql/open.sql": "select 1",
        "sql/target/open.sql": "select 1",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("changed", ["ml/__init__.py", "ml/fit.py", "ml/pairs.py", "ml/targets.py", "sql/open.sql"])
def test_a_change_of_what_a_figure_depends_on_gives_it_another_name(changed: str, company: Path) -> None:
    before = code_of("ml.fit", ["ml"], ["sql"], company)
    (company / changed).write_text("# other")
    assert code_of("ml.fit", ["ml"], ["sql"], company) != before


@pytest.mark.parametrize("changed", ["ml/score.py", "sql/target/open.sql"])
def test_a_change_of_what_it_does_not_depend_on_keeps_the_figure(changed: str, company: Path) -> None:
    before = code_of("ml.fit", ["ml"], ["sql"], company)
    (company / changed).write_text("# other")
    assert code_of("ml.fit", ["ml"], ["sql"], company) == before


def test_a_chance_depends_on_how_pairs_are_drawn_and_on_what_the_features_are() -> None:
    """Chances were kept by a list of modules, which these were not in, and told of code of before."""
    found = {file.relative_to(ROOT).as_posix() for file in modules_of("bench.ours", ("bench", "ml"))}
    assert found >= {"ml/model.py", "ml/pairs.py", "ml/features.py", "ml/targets.py", "bench/ours.py"}


def test_a_world_depends_on_the_sandbox_the_models_and_the_draws() -> None:
    found = {file.relative_to(ROOT).as_posix() for file in modules_of("bench.lived", PACKAGES)}
    assert found >= {"bench/lived.py", "ml/draws.py", "sandbox/company/process.py", "warehouse/frames.py"}
    assert "dbt_project" in BESIDE


def test_a_world_is_read_from_its_file_where_this_code_made_it(tmp_path: Path) -> None:
    world = Lived(7, 0.1, [(1, 0.5, 0.5)], [])
    kept_at(7, 0.1, tmp_path).write_bytes(orjson.dumps(world.kept()))
    assert [each.seed for each in worlds([7], 0.1, tmp_path)] == [7]
