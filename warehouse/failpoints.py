"""Named points at which a test lets a step die as if the machine had lost power."""

import os
import signal

from config.settings import settings


def failpoint(name: str) -> None:
    """Kill this process without clean-up when the setting `failpoint` names this point."""
    if settings().failpoint == name:
        os.kill(os.getpid(), signal.SIGKILL)
