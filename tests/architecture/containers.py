"""What holds of every service of `docker/compose.yml` and every step of `docker/Dockerfile`: faults as sentences, none when all is well."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docker"
PINNED = re.compile(r"^[a-z0-9./-]+:\d+\.\d+[\w.-]*$")  # a name and a version, not a moving word
HIDDEN = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|PERMANENT_CODE|SEED|CREDENTIAL")
PLACES = re.compile(r"_(FILE|DIR|PASSFILE)$")  # these say where a secret stands
LOOPBACK = "127.0.0.1:"


def compose() -> dict[str, Any]:
    """The compose file as YAML reads it, its anchors merged."""
    return dict(yaml.safe_load((FOLDER / "compose.yml").read_text("utf-8")))


def faults(told: dict[str, Any]) -> list[str]:
    """Each way in which a compose file is not as it should be."""
    services: dict[str, dict[str, Any]] = told["services"]
    return [f"{name}: {said}" for name, service in services.items() for said in _faults(service, services, told)]


def _faults(service: dict[str, Any], services: dict[str, Any], told: dict[str, Any]) -> list[str]:
    found = []
    is_job = service.get("restart") == "no"
    if not is_job and "test" not in service.get("healthcheck", {}):
        found.append("has no health check")
    if str(service.get("user", "0")).split(":")[0] in ("0", "root"):
        found.append("runs as root")
    if not PINNED.match(str(service.get("image", ""))):
        found.append(f"image {service.get('image')} is pinned to no version")
    if service.get("cap_drop") != ["ALL"] or "no-new-privileges:true" not in service.get("security_opt", []):
        found.append("keeps privileges")
    for key, value in dict(service.get("environment", {})).items():
        if HIDDEN.search(key) and not PLACES.search(key) and value:
            found.append(f"{key} stands in the environment")
    found += [
        f"port {port} is open beyond loopback" for port in service.get("ports", []) if not port.startswith(LOOPBACK)
    ]
    found += _mounts(service, told)
    awaited = service.get("depends_on", {})
    found += [f"waits for {name}, which is no service" for name in awaited if name not in services]
    found += [
        f"does not wait until {name} is well"
        for name, said in awaited.items()
        if said["condition"] == "service_started"
    ]
    return found


def _mounts(service: dict[str, Any], told: dict[str, Any]) -> list[str]:
    found = []
    for mount in map(str, service.get("volumes", [])):
        source, target = re.sub(r"\$\{[^}]*\}", "chosen", mount).split(":")[:2]
        if target.startswith(("/opt/landfall", "/run/secrets", "/etc")) and not mount.endswith(":ro"):
            found.append(f"{target} may be written")
        if source[0] not in "./" and source != "chosen" and source not in told.get("volumes", {}):
            found.append(f"volume {source} is not declared")
    if service.get("image", "").startswith("landfall") and not service.get("read_only"):
        found.append("its root file system may be written")
    found += [
        f"secret {name} is not declared" for name in service.get("secrets", []) if name not in told.get("secrets", {})
    ]
    return found


def steps() -> list[tuple[str, str]]:
    """(instruction, argument) of the Dockerfile, comments left out, continued lines joined."""
    text = (FOLDER / "Dockerfile").read_text("utf-8").replace("\\\n", "")
    lines = (line.strip() for line in text.splitlines())
    return [
        (word, rest) for word, _, rest in (line.partition(" ") for line in lines if line and not line.startswith("#"))
    ]
