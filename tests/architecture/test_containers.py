"""The compose file and the Dockerfile keep what they promise, and a file that does not is told so; `make lint` runs this module."""

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest

from config.settings import Settings
from nightly.serve import NAMES
from tests.architecture.containers import ROOT, compose, faults, steps

REQUIRED = {"postgres", "airflow", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer", "mlflow"}


def test_every_service_is_checked_unprivileged_and_closed() -> None:
    assert faults(compose()) == []


def test_what_a_sales_team_needs_runs_without_a_profile_and_the_rest_is_asked_for() -> None:
    services = compose()["services"]
    profiles = {name: service.get("profiles", []) for name, service in services.items()}
    assert {name for name, asked in profiles.items() if not asked} == REQUIRED | {"prepare"}
    assert {name: asked for name, asked in profiles.items() if asked} == {
        "webhook": ["webhook"], "sandbox": ["sandbox"], "pages": ["bi"],
    }  # fmt: skip


def test_a_service_runs_the_command_of_its_name_and_its_health_check_asks_the_same() -> None:
    for name, service in compose()["services"].items():
        if name not in ("postgres", "prepare"):
            assert name in NAMES
            assert service["command"] == ["python", "-m", "nightly", "serve", name]
            assert service["healthcheck"]["test"] == ["CMD", "python", "-m", "nightly", "healthy", name]


def test_what_containers_set_are_settings_of_ours() -> None:
    known = {f"LANDFALL_{field.upper()}" for field in Settings.model_fields}
    assert compose()["x-landfall"]["environment"].keys() <= known


def test_what_a_service_may_write_is_a_folder_of_its_own_user_in_the_image() -> None:
    """A new volume takes the owner of the folder it is put over; where the image has none, it is root's."""
    mounts = {mount.rsplit(":", 1)[1] for mount in compose()["x-landfall"]["volumes"] if not mount.endswith(":ro")}
    dockerfile = (ROOT / "docker" / "Dockerfile").read_text("utf-8")
    made = set(re.findall(r"(?:--home-dir|install -d -o 10001 -g 10001 -m 700) (\S+)", dockerfile))
    assert mounts
    assert mounts <= made


def _break(service: str, key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda told: told["services"][service].update({key: value})


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        (_break("mlflow", "healthcheck", {}), "mlflow: has no health check"),
        (_break("mlflow", "user", "0:0"), "mlflow: runs as root"),
        (_break("postgres", "image", "postgres:latest"), "postgres: image postgres:latest is pinned to no version"),
        (_break("pages", "environment", {"LANDFALL_VAULT_KEY": "x"}), "pages: LANDFALL_VAULT_KEY stands in the environment"),
        (_break("airflow", "ports", ["8080:8080"]), "airflow: port 8080:8080 is open beyond loopback"),
        (_break("airflow", "volumes", ["../dags:/opt/landfall/dags"]), "airflow: /opt/landfall/dags may be written"),
        (_break("airflow", "read_only", False), "airflow: its root file system may be written"),
        (_break("mlflow", "cap_drop", []), "mlflow: keeps privileges"),
        (_break("postgres", "secrets", ["other"]), "postgres: secret other is not declared"),
    ],
)  # fmt: skip
def test_a_compose_file_that_opens_a_door_is_told_which(breaks: Callable[[dict[str, Any]], None], said: str) -> None:
    told = copy.deepcopy(compose())
    breaks(told)
    assert said in faults(told)


def test_the_image_is_built_from_the_lock_by_hash_and_ends_as_nobody() -> None:
    found = steps()
    assert found[0][0] == "FROM"
    assert all(re.search(r":\d+\.\d+\S* AS |^landfall AS ", rest) for word, rest in found if word == "FROM")
    installs = [rest for word, rest in found if word == "RUN" and "uv pip" in rest]
    assert len(installs) == 2
    assert all("--require-hashes" in rest and ".lock" in rest for rest in installs)
    assert [rest for word, rest in found if word == "USER"][-1] == "10001:10001"
    for word, rest in found:
        if word == "COPY":
            assert all((ROOT / name).exists() for name in rest.split()[:-1]), rest
