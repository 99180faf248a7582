"""Who may sign in: whoever PostgreSQL takes as a reader of the tenant's database, with the same login and password.

Superset keeps no password of theirs. A reader that is removed cannot sign in again, and who still is signed in sees no row, since the rules
ask `ops.org_access`.
"""

import logging
from typing import Any

import psycopg2
from superset.security import SupersetSecurityManager

from bi.server.passwords import is_guessable

READER, ADMIN = "Landfall reader", "Admin"
_IS_READER = (
    "select pg_has_role(current_user, 'bi_reader', 'member') and not pg_has_role(current_user, 'transformer', 'member')"
)
logger = logging.getLogger(__name__)


class ReaderSecurityManager(SupersetSecurityManager):  # type: ignore[misc] # Superset's class has no types here
    """Superset's security with PostgreSQL's judgement of passwords."""

    def auth_user_db(self, username: str, password: str) -> Any:
        """The user that signs in, made the first time; None when PostgreSQL refuses."""
        told = self.appbuilder.app.config["LANDFALL"]
        is_open = username and password and username not in told["servants"]
        if not is_open or not _is_allowed(told, username, password) or not _is_reader(told, username, password):
            logger.info("sign-in refused")
            return None
        user = self.find_user(username=username)
        role = self.find_role(ADMIN if username in told["admins"] else READER)
        if user is None:
            user = self.add_user(username, username, "", f"{username}@landfall.invalid", role)
        if not user or not user.is_active:
            return None
        self.update_user_auth_stat(user, True)
        return user


def _is_allowed(told: dict[str, Any], username: str, password: str) -> bool:
    if told["sandbox"] or not is_guessable(username, password):
        return True
    logger.warning(
        "%s has a password that anybody could guess: `python -m warehouse readers add` draws another", username
    )
    return False


def _is_reader(told: dict[str, Any], username: str, password: str) -> bool:
    try:
        connection = psycopg2.connect(
            host=told["host"], port=told["port"], dbname=told["database"], user=username, password=password, connect_timeout=10,
            application_name="landfall pages",
        )  # fmt: skip
    except psycopg2.OperationalError:
        return False
    try:
        with connection.cursor() as cursor:
            cursor.execute(_IS_READER)
            return bool(cursor.fetchone()[0])
    finally:
        connection.close()
