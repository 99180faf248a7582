"""The code that a kept figure depends on, as a digest for its name, so that no figure is told that other code made.

In: the module that makes the figure. Out: sha256 over the files of that module, of all that it imports within our packages, and theirs.
"""

import ast
import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path

from config.settings import ROOT

SUFFIXES = (".csv", ".env", ".lock", ".py", ".sql", ".yml")
GENERATED = ("logs", "target")  # what dbt leaves beside its project


def code_of(module: str, packages: Collection[str], beside: Collection[str] = (), root: Path = ROOT) -> str:
    """Twelve hex digits of what `module` is made of: code of `packages`, and files and folders `beside` it that no import tells of."""
    files = modules_of(module, packages, root) | {file for name in beside for file in _files(root, root / name)}
    seen = hashlib.sha256()
    for file in sorted(files):
        seen.update(f"{file.relative_to(root).as_posix()}\0".encode())
        seen.update(hashlib.sha256(file.read_bytes()).digest())
    return seen.hexdigest()[:12]


def modules_of(module: str, packages: Collection[str], root: Path = ROOT) -> set[Path]:
    """Files of `module` and of everything of `packages` that it imports, directly or not, at its head or within a function."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        file = root.joinpath(*name.split("."), "__init__.py")
        file = file if file.exists() else root.joinpath(*name.split(".")).with_suffix(".py")
        if name.split(".")[0] not in packages or not file.exists() or file in found:
            continue
        found.add(file)
        waiting += [name.rpartition(".")[0], *_imported(file)]
    return found


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def _files(root: Path, beside: Path) -> list[Path]:
    files = [beside] if beside.is_file() else [file for file in beside.rglob("*") if file.suffix in SUFFIXES]
    return [file for file in files if not {*GENERATED}.intersection(file.relative_to(root).parts)]
