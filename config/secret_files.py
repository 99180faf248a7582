"""Secrets that stand in files: `LANDFALL_<SECRET>_FILE` names one, `LANDFALL_SECRETS_DIR` a folder of them; the first line is the secret.

In: the environment files and the environment, as `config/settings.py` reads them. Out: the secrets by setting name. A file that others may
read is refused, but for one that a container's own mount (`/run/secrets`) hands in. No message shows a secret.
"""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import get_args

from dotenv import dotenv_values
from pydantic import SecretStr

SUFFIX, FOLDER = "_FILE", "SECRETS_DIR"
MOUNTED = Path("/run/secrets")  # seen by one container alone; its files keep the modes of where they came from
OTHERS = 0o077


def is_secret(annotation: object) -> bool:
    """Whether a setting of that type is a secret, also where it may be none."""
    return annotation is SecretStr or SecretStr in get_args(annotation)


class SecretFileError(Exception):
    """A secret's file cannot be used; the message names the setting, the file and the next action."""


def named_files(
    prefix: str, secrets: Collection[str], files: Iterable[Path], environ: Mapping[str, str]
) -> dict[str, Path]:
    """Setting name of a secret → the file that holds it; later sources win, and an empty name means none.

    Raises SecretFileError where one source gives a secret and its file both.
    """
    read: list[Mapping[str, str | None]] = [dotenv_values(path, encoding="utf-8") for path in files]
    folder = next(filter(None, (source.get(f"{prefix}{FOLDER}") for source in (environ, *reversed(read)))), None)
    there = {name: str(Path(folder) / name) for name in secrets if (Path(folder) / name).is_file()} if folder else {}
    own: Mapping[str, str | None] = {f"{prefix}{name.upper()}{SUFFIX}": path for name, path in there.items()}
    found: dict[str, Path] = {}
    for source in (*read, own, environ):
        for name in secrets:
            key = f"{prefix}{name.upper()}"
            path, value = source.get(key + SUFFIX), source.get(key)
            if path and value:
                raise SecretFileError(f"{key} and {key}{SUFFIX} are both set: keep the one that holds, then rerun")
            if path:
                found[name] = Path(path)
            elif path == "" or value:
                found.pop(name, None)
    return found


def read_secret(path: Path, key: str) -> str:
    """The secret in `path`, which setting `key` names. Raises SecretFileError when it cannot be read, is empty, or others may read it."""
    said = f"{key}{SUFFIX}={path}"
    try:
        mode = path.stat().st_mode
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise SecretFileError(
            f"{said} cannot be read ({reason}): correct the path or the file's owner, then rerun"
        ) from None
    if mode & OTHERS and MOUNTED not in path.parents:
        raise SecretFileError(f"{said} may be read by others (mode {mode & 0o777:o}): `chmod 600 {path}`, then rerun")
    lines = text.splitlines()
    if not lines or not lines[0].strip():
        raise SecretFileError(f"{said} is empty: write the secret into its first line, then rerun")
    return lines[0].strip()
