"""The lists of promises and faults name tests that exist, and say of each that runs in the soak alone that it does."""

import ast
import re

from config.settings import ROOT

PAGES = ("proofs.md", "faults.md")
NAMED = re.compile(r"`((?:\w+/)+test_\w+\.py)(?:::(test_\w+))?`( \*\(soak\)\*)?")


def named_in(path: str) -> dict[str, bool]:
    """Name of each test of a file → whether it is a soak."""
    tree = ast.parse((ROOT / "tests" / path).read_text("utf-8"))
    marked = any(
        isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "pytestmark"
        and ".soak" in ast.unparse(node.value)
        for node in tree.body
    )
    return {
        node.name: marked or any(ast.unparse(each) == "pytest.mark.soak" for each in node.decorator_list)
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_promise_names_a_test_that_exists_and_runs_where_it_says() -> None:
    named = [found for page in PAGES for found in NAMED.findall((ROOT / "docs" / page).read_text("utf-8"))]
    assert len(named) > 100
    wrong = []
    for path, test, says_soak in named:
        tests = named_in(path) if (ROOT / "tests" / path).is_file() else {}
        chosen = [soak for name, soak in tests.items() if test in ("", name)]
        if not chosen or all(chosen) != bool(says_soak):
            wrong.append((path, test, "none" if not chosen else "soak" if all(chosen) else "no soak"))
    assert wrong == []
