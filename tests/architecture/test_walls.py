"""The walls between the parts: imports by import-linter, layers of SQL by dbt's own manifest."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_no_part_imports_what_it_may_not() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """dbt's own description of the project."""
    target = tmp_path_factory.mktemp("dbt")
    project = str(ROOT / "dbt_project")
    command = [
        str(Path(sys.executable).parent / "dbt"),
        "parse",
        "--project-dir",
        project,
        "--profiles-dir",
        project,
        "--target-path",
        str(target),
    ]
    env = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    done = subprocess.run([*command, "--log-path", str(target)], text=True, capture_output=True, check=False, env=env)
    assert done.returncode == 0, done.stdout
    return dict(json.loads((target / "manifest.json").read_text("utf-8")))


def models(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}


def layer(node: dict[str, Any]) -> str:
    return str(node["path"].split("/")[0])


def test_only_staging_reads_what_dbt_did_not_make(manifest: dict[str, Any]) -> None:
    readers = {
        node["name"]
        for node in models(manifest).values()
        if layer(node) != "staging" and any("source." in key for key in node["depends_on"]["nodes"])
    }
    assert readers == set()


def test_features_never_read_marts_and_sync_is_read_by_nobody(manifest: dict[str, Any]) -> None:
    found = models(manifest)
    order = ["staging", "intermediate", "features", "marts", "sync"]
    for node in found.values():
        for parent in node["depends_on"]["nodes"]:
            if parent in found:
                assert order.index(layer(found[parent])) <= order.index(layer(node)), (
                    f"{node['name']} reads {found[parent]['name']}"
                )


def test_every_model_says_what_it_is_and_has_a_key(manifest: dict[str, Any]) -> None:
    tested = {
        parent
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        for parent in node["depends_on"]["nodes"]
    }
    for key, node in models(manifest).items():
        assert node["description"].strip(), node["name"]
        assert key in tested, f"{node['name']} has no test"
