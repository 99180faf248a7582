"""Passwords that anybody could guess: refused before PostgreSQL is asked, so that a login somebody made by hand with one opens nothing.

Ours are drawn (`make bi`, `readers add`); in the sandbox a person may have set any.
"""

DEFAULTS = {
    "admin",
    "general",
    "gamma",
    "superset",
    "password",
    "postgres",
    "landfall",
    "changeme",
}
SHORTEST = 12


def is_guessable(username: str, password: str) -> bool:
    """Whether a password is a default, the login itself (with or without digits after it), or short."""
    said = password.lower()
    return len(password) < SHORTEST or said.rstrip("0123456789") in DEFAULTS | {username.lower()}
