"""What our own commands chose while running: ports and addresses, kept in `<home>/runtime.env`.

Settings read the file after the environment file and before the process's environment, so a step started by hand finds the same servers.
"""

import os
from pathlib import Path

from config.settings import PREFIX, settings


def runtime_values(home: Path) -> dict[str, str]:
    """Setting name in lower case → value, as kept under `home`."""
    path = home / "runtime.env"
    if not path.exists():
        return {}
    pairs = (line.split("=", 1) for line in path.read_text("utf-8").splitlines() if "=" in line)
    return {key.removeprefix(PREFIX).lower(): value for key, value in pairs}


def remember(home: Path, **values: str) -> None:
    """Keep `values` (setting names in lower case) for later processes, replacing the file in one move."""
    home.mkdir(parents=True, exist_ok=True)
    merged = runtime_values(home) | values
    fresh = home / f"runtime.env.{os.getpid()}"
    fresh.write_text("".join(f"{PREFIX}{key.upper()}={value}\n" for key, value in sorted(merged.items())), "utf-8")
    fresh.replace(home / "runtime.env")
    settings.cache_clear()
