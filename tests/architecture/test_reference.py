"""`docs/reference.md` lists what exists: each of its tables is compared with the code."""

import ast
import re
from pathlib import Path

from config.settings import Settings
from nightly.words import WORDS
from tests.end_to_end.line import steps_of_the_dag

ROOT = Path(__file__).resolve().parents[2]


def listed(section: str) -> list[str]:
    """The first column of a section's table, without code marks."""
    text = (ROOT / "docs" / "reference.md").read_text("utf-8").split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def source_matches(folder: str, pattern: str) -> set[str]:
    """All first groups of `pattern` in the Python files of `folder`."""
    return {
        found
        for path in sorted((ROOT / folder).rglob("*.py"))
        for found in re.findall(pattern, path.read_text("utf-8"))
    }


def test_every_setting_is_listed_with_its_description() -> None:
    assert listed("Settings") == [f"LANDFALL_{name.upper()}" for name in Settings.model_fields]
    text = (ROOT / "docs" / "reference.md").read_text("utf-8")
    assert all(field.description and field.description in text for field in Settings.model_fields.values())


def test_every_stream_is_listed() -> None:
    from config.systems import CREDENTIALS
    from connectors.file_mapping import REQUIRED
    from connectors.streams import mapping_of

    assert listed("Streams") == [
        f"{system} {name}" for system in CREDENTIALS for name in mapping_of(system).streams
    ] + [f"files {name}" for name in ("opportunities", "stage_changes", "interactions") if name in REQUIRED]


def test_every_channel_is_listed() -> None:
    modules = sorted(path.stem.removeprefix("channel_") for path in (ROOT / "connectors").glob("channel_*.py"))
    assert sorted(listed("Channels")) == modules


def test_every_dag_is_listed_and_is_its_file_and_imports_airflow_only() -> None:
    files = sorted((ROOT / "dags").glob("*.py"))
    assert sorted(listed("DAGs")) == [path.stem for path in files]
    for path in files:
        assert f'dag_id="{path.stem}"' in path.read_text("utf-8")
        imported = {
            alias.name.split(".")[0]
            for node in ast.parse(path.read_text("utf-8")).body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in ([ast.alias(node.module or "")] if isinstance(node, ast.ImportFrom) else node.names)
        }
        assert imported <= {"airflow", "pendulum", "datetime", "json"}, path


def test_every_step_is_listed_in_the_dags_order() -> None:
    assert listed("Steps") == [task for task, _ in steps_of_the_dag()]
    text = (ROOT / "docs" / "reference.md").read_text("utf-8")
    assert all(f"| `{task}` | `python -m {command}` |" in text for task, command in steps_of_the_dag())


def test_every_suite_is_listed() -> None:
    named = source_matches("expectations/suites", r'Suite\(\s*f?"([a-z_.]+)')
    assert set(listed("Suites")) == {f"{name}<stream>" if name.endswith(".") else name for name in named}


def test_every_make_target_is_listed() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    assert listed("Commands") == [f"make {name}" for name in re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE)]


def test_every_failpoint_is_listed() -> None:
    direct = {
        name
        for folder in ("connectors", "warehouse", "nightly")
        for name in source_matches(folder, r'failpoint\("([a-z.]+)"\)')
    }
    appended = {
        f"{step}.{where}"
        for step in source_matches("ml", r'build_id, "([a-z]+)"\)')
        for where in ("before", "inside", "after")
    }
    assert set(listed("Failpoints")) == direct | appended
    assert len(appended) == 6


def test_both_environment_files_have_the_same_keys() -> None:
    keys = [
        re.findall(r"^(LANDFALL_\w+)=", (ROOT / "config" / name).read_text("utf-8"), re.MULTILINE)
        for name in ("embedded.env", "docker.env")
    ]
    assert keys[0] == keys[1]
    assert {key.removeprefix("LANDFALL_").lower() for key in keys[0]} <= Settings.model_fields.keys()


def test_the_summary_speaks_both_languages() -> None:
    assert WORDS["zh"].keys() == WORDS["en"].keys()
    for key, text in WORDS["zh"].items():
        assert sorted(re.findall(r"{(\w+)}", text)) == sorted(re.findall(r"{(\w+)}", WORDS["en"][key])), key


def test_no_file_names_a_package_index_and_every_lock_is_hashed() -> None:
    for path, least in (
        ("requirements.lock", 200),
        ("tests/tryton/requirements.lock", 30),
        ("bench/requirements.lock", 25),
        ("bi/requirements.lock", 100),
    ):
        lock = (ROOT / path).read_text("utf-8")
        assert "--index-url" not in lock
        assert "://" not in lock
        packages = re.findall(r"^[a-z0-9][\w.-]*(?:\[[\w,-]+\])?==", lock, re.MULTILINE)
        assert len(packages) > least
        assert lock.count("--hash=sha256:") >= len(packages)


def test_every_alert_says_the_same_figures_in_both_languages() -> None:
    import csv

    with (ROOT / "dbt_project" / "seeds" / "alert_words.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            said = [sorted(re.findall(r"{(\w+)}", row[f"sentence_{lang}"])) for lang in ("zh", "en")]
            assert said[0] == said[1], row["rule"]
