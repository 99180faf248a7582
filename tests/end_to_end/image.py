"""Executes the steps of `docker/Dockerfile` in a bare root file system, where no container engine runs: COPY, RUN, ENV, ARG, USER, WORKDIR.

`python -m tests.end_to_end.image FOLDER` (root; FOLDER: what `debootstrap --variant=minbase bookworm FOLDER` made; what it runs later needs
/proc mounted there, as an engine does: PostgreSQL's programs find their libraries by it). A step that was
executed is not executed again, as an engine's layers are not. The build's own network settings come from the caller's environment.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.architecture.containers import ROOT, steps

TRUST = Path("/etc/ssl/certs/ca-certificates.crt")
NETWORK = {
    "PIP_CERT": str(TRUST),
    "SSL_CERT_FILE": str(TRUST),
    "UV_NATIVE_TLS": "true",
    "DEBIAN_FRONTEND": "noninteractive",
}
DONE = "build-steps.done"
# A service's own view, as an engine gives it: the root read-only, /proc and /dev, a /tmp in memory, its volumes. $1: the root; then
# pairs of folder and place up to `--`, then what to run in it.
CONTAINER = """
root=$1; shift
mount --bind "$root" "$root"
while [ "$1" != -- ]; do mount --bind "$1" "$root$2"; shift 2; done
shift
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
exec "$@"
"""
UNPRIVILEGED = ["--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]


class Image:
    """A root file system with what the steps so far have set."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.work, self.user = folder, "/", "0:0"
        self.env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}

    def build(self, target: str) -> None:
        """Execute the steps of one target, from the first on."""
        done = self.folder / DONE
        executed = done.read_text().splitlines() if done.exists() else []
        is_same = True  # a step that was edited is executed, and every step after it
        shutil.copy("/etc/resolv.conf", self.folder / "etc" / "resolv.conf")
        for number, (word, rest) in enumerate(_of(target)):
            step = f"{word} {rest}".replace("\n", " ")
            is_same = is_same and executed[number : number + 1] == [step]
            if not is_same:
                executed = executed[:number]
            if word in ("COPY", "RUN") and not is_same:
                print(step[:100], flush=True)
                self._copy(rest) if word == "COPY" else self._run(rest)
            if not is_same:
                executed.append(step)
                done.write_text("".join(f"{each}\n" for each in executed))
            self._set(word, rest)

    def _set(self, word: str, rest: str) -> None:
        if word in ("ENV", "ARG"):
            pairs = (pair.split("=", 1) for pair in rest.split())
            self.env |= {key: value.strip('"') for key, value in pairs}
        elif word == "USER":
            self.user = rest
        elif word == "WORKDIR":
            self.work = rest
            (self.folder / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def _copy(self, rest: str) -> None:
        *sources, target = rest.split()
        place = self.folder / self.work.lstrip("/") / target
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(
                    ROOT / source,
                    place,
                    dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("__pycache__", "target", "logs"),
                )
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, place)

    def _run(self, command: str) -> None:
        if TRUST.exists() and (self.folder / "etc/ssl/certs").exists():
            shutil.copy(TRUST, self.folder / str(TRUST).lstrip("/"))
        done = subprocess.run(self.command("sh", "-ec", command), env=self.env | NETWORK, check=False)
        if done.returncode != 0:
            raise SystemExit(f"this step ended with {done.returncode}: {command}")

    def command(self, *arguments: str) -> list[str]:
        """What starts `arguments` inside, as the user and in the folder that the steps have set."""
        inside = ["env", "-C", self.work, *arguments]
        return ["chroot", f"--userspec={self.user}", str(self.folder), *inside]

    def container(self, volumes: dict[str, Path], *arguments: str) -> list[str]:
        """What starts `arguments` as a service: no privilege, the root read-only, `volumes` (place inside → folder or file) on it."""
        user, group = self.user.split(":")
        mounts = []
        for place, source in volumes.items():
            here = self.folder / place.lstrip("/")
            here.parent.mkdir(parents=True, exist_ok=True)
            here.mkdir(exist_ok=True) if source.is_dir() else here.touch()
            mounts += [str(source), place]
        as_user = ["setpriv", f"--reuid={user}", f"--regid={group}", *UNPRIVILEGED, "env", "-C", self.work, *arguments]
        enter = ["unshare", "--mount", "sh", "-ec", CONTAINER, "sh", str(self.folder), *mounts, "--"]
        return [*enter, "chroot", str(self.folder), *as_user]


def _of(target: str) -> list[tuple[str, str]]:
    """The steps of a target: everything up to the stage after it."""
    taken, reached = [], False
    for word, rest in steps():
        if word == "FROM" and reached:
            break
        reached = reached or rest.endswith(f" AS {target}")
        taken.append((word, rest))
    return taken


if __name__ == "__main__":
    if os.geteuid() != 0:
        raise SystemExit("chroot needs root: run as root, or build with a container engine")
    Image(Path(sys.argv[1])).build("landfall")
