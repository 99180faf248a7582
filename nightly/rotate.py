"""Changes a secret while old and new both hold: take the new one, try it, put it in place; later see that the old one is refused.

In: the secret's name. A vendor's secret comes in a file of its own, `--new FILE`; what is ours is drawn. Out: the file that the settings
name, replaced in one move, the old one beside it as `<file>.previous` until `--finish` has seen that the vendor refuses it. Secrets of
robots and of systems whose sign-in spends a refresh token are put in place untried. No output shows a secret.
"""

import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from config.private_files import write_private
from config.secret_files import SUFFIX, read_secret
from config.settings import PREFIX, child_environment, secret_files, secret_names, settings
from config.systems import CREDENTIALS
from nightly import airflow, background
from nightly.night_lock import alone
from warehouse import login_passwords, vault_keys
from warehouse.restores import apply_erasures, folders, journalled
from warehouse.steps import StepError

TAKEN, REFUSED = 0, 4  # of `connectors check --credentials`
OURS = ("vault_key", "database", "airflow", "pages")


def names() -> list[str]:
    """Everything that can be rotated: ours, then every secret of a vendor by its setting."""
    return [*OURS, *(name for name in secret_names() if name not in ("vault_key", "token_seed"))]


def rotate(name: str, new: Path | None, *, finish: bool = False, back: bool = False) -> int:
    """Rotate `name`; see the module. Raises StepError before anything is changed where the new secret does not work."""
    if name == "vault_key":
        return _vault(new)
    if name in OURS:
        if new or finish or back:
            raise StepError(f"{name} is drawn by us and changed at once: type `python -m nightly rotate {name}` alone")
        return {"database": _database, "airflow": airflow.rotate_keys, "pages": _pages}[name]()
    path = _file_of(name)
    previous = path.with_name(f"{path.name}.previous")
    if finish:
        return _finish(name, previous)
    if back:
        _require(previous, name)
        previous.replace(path)
        print(f"{name}: the previous secret holds again")
        return 0
    if new is None:
        raise StepError(f"{name} comes from its vendor: write the new one into a file and give it with --new FILE")
    fresh = read_secret(new, f"{PREFIX}{name.upper()}")
    if previous.exists():
        raise StepError(
            f"{name} is being rotated already: `python -m nightly rotate {name} --finish` first (or --back)"
        )
    if _answer(name, new) != TAKEN:
        raise StepError(
            f"{name}: {_system(name)} refuses the new secret or cannot be reached; the old one stays in place"
        )
    _write(previous, read_secret(path, f"{PREFIX}{name.upper()}"))
    _write(path, fresh)
    untried = "" if _system(name) else ", untried: the next message or extraction shows whether it holds"
    print(f"{name}: the new secret is in place{untried}")
    print(f"next: withdraw the old one at its vendor, then `python -m nightly rotate {name} --finish`")
    return 0


def _finish(name: str, previous: Path) -> int:
    _require(previous, name)
    answer = _answer(name, previous) if _system(name) else REFUSED
    if answer == TAKEN:
        raise StepError(f"{name}: {_system(name)} still takes the old secret: withdraw it there, then rerun")
    if answer != REFUSED:
        raise StepError(f"{name}: {_system(name)} could not be asked, so the old secret is kept: rerun when it answers")
    previous.unlink()
    print(f"{name}: the old secret is {'refused and ' if _system(name) else ''}forgotten")
    return 0


def _require(previous: Path, name: str) -> None:
    if not previous.exists():
        raise StepError(f"{name} is not being rotated: `python -m nightly rotate {name} --new FILE` begins it")


def _file_of(name: str) -> Path:
    path = secret_files().get(name)
    if path is None:
        key = f"{PREFIX}{name.upper()}"
        raise StepError(
            f"{key} stands in no file: write it into one, name that by {key}{SUFFIX} (or put it into LANDFALL_SECRETS_DIR), then rerun"
        )
    return path


def _system(name: str) -> str:
    """The system whose sign-in tries a secret; '' where there is none, or where it is a renewal.

    A renewal replaces the refresh token: one that is spent to try a secret would be void when the night comes.
    """
    system = next((system for system in CREDENTIALS if name.startswith(f"{system}_") and system != "webhook"), "")
    return "" if f"{system}_refresh_token" in secret_names() else system


def _answer(name: str, path: Path) -> int:
    """What the secret's system says of a sign-in with the secret in `path`: TAKEN, REFUSED, or else that it could not be asked.

    Tried from an empty home, so that no token of an earlier sign-in answers for it. What cannot be tried counts as taken.
    """
    if not _system(name):
        return TAKEN
    with TemporaryDirectory() as home:
        if (known := settings().home / "runtime.env").exists():
            shutil.copy(known, home)
        env = child_environment(home=home, **{f"{name}_file": str(path)})
        command = [sys.executable, "-m", "connectors", "check", "--credentials", "--system", _system(name)]
        done = subprocess.run(command, env=env, text=True, capture_output=True, check=False)
    said = f"{_system(name)} takes it" if done.returncode == TAKEN else (done.stdout + done.stderr).strip()
    print(said, flush=True)
    return done.returncode


def _write(path: Path, secret: str) -> None:
    write_private(path, f"{secret}\n")
    settings.cache_clear()


def _vault(new: Path | None) -> int:
    """The vault's key: hashes and file change together; a change that was killed between the two is finished by the next one."""
    path = secret_files().get("vault_key")
    if path is None and new is None:
        _file_of("vault_key")
    waiting = new or Path(f"{path}.next")
    old = settings().vault_key.get_secret_value()
    if waiting.exists() and vault_keys.holds(fresh := read_secret(waiting, "LANDFALL_VAULT_KEY")):
        print("vault_key: the hashes had been made anew already")
    else:
        fresh = read_secret(new, "LANDFALL_VAULT_KEY") if new else secrets.token_urlsafe(36)
        if path:
            _write(Path(f"{path}.next"), fresh)  # before the hashes change: a folder that cannot be written stops here
        made = vault_keys.rekey(old, fresh)
        print(f"vault_key: {made.persons} hashes and {made.tombstones} tombstones made anew")
    if path:
        _write(path, fresh)
        Path(f"{path}.next").unlink(missing_ok=True)
    else:
        print(f"next: set LANDFALL_VAULT_KEY to what {new} holds, before the next night")
    if kept_in := folders():
        stones = {stone for folder in kept_in for stone in journalled(folder, settings().tenant)}
        taken, _ = apply_erasures(list(stones))
        print(f"erased again: {taken} values of the journal beside the backups")
    return 0


def _database() -> int:
    """Passwords of the database's logins, while no night runs."""
    passfile = settings().pg_passfile
    if passfile is None:
        raise StepError(
            "the database's password stands in no file: set LANDFALL_PG_PASSFILE to libpq's password file, then rerun"
        )
    with alone():
        for login in login_passwords.logins(passfile):
            login_passwords.change(passfile, login)
            print(f"database: {login} has a new password in {passfile}")
    return 0


def _pages() -> int:
    """Superset's logins in the database and the key of its sessions."""
    from nightly import pages

    pages.forget_secrets()
    running = background.running_pid(pages.NAME) is not None
    print(f"pages: new passwords and a new session key{'; start them again: `make bi`' if running else ''}")
    return 0
