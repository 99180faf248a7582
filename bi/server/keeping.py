"""What is asked again and again while a page opens and never changes: kept by the browser, or by the server's process.

A browser keeps the columns of a dashboard's datasets for minutes; they change with a new bundle alone, and no row of data is among them.
The server keeps the default schema of a database: Superset opens a connection for it each time a dataset's query is read, twice a chart.
It keeps what it parsed, since Superset parses a dataset's query three times before it looks for an answer in its cache; and, for as long
as one request lasts, the rules of the tables that such a query reads: Superset looks them up anew for each query of a chart, twice.
"""

from functools import cache, lru_cache
from typing import Any

KEPT_SECONDS = 300
KEPT_STATEMENTS = 512
ENDPOINTS = {"DashboardRestApi.get_datasets", "DatasetRestApi.get_drill_info"}


def prepare(app: Any) -> None:
    """Say so in every answer about datasets, for the one browser that asked, not for what stands between; and remember the rest."""
    from flask import request

    _keep_schemas()
    _keep_statements()
    _keep_rules()

    @app.after_request  # type: ignore[untyped-decorator] # Flask has no types here
    def keep(answer: Any) -> Any:
        """Only of good answers."""
        if request.endpoint in ENDPOINTS and answer.status_code == 200:
            answer.headers["Cache-Control"] = f"private, max-age={KEPT_SECONDS}"
        return answer


def _keep_schemas() -> None:
    """The default schema of each database, for good."""
    from superset.models.core import Database

    asked = Database.get_default_schema

    @cache
    def default_schema(number: int, catalog: str | None) -> str | None:
        """Of the database with that id."""
        from superset import db

        found: str | None = asked(db.session.get(Database, number), catalog)
        return found

    Database.get_default_schema = lambda database, catalog: default_schema(database.id, catalog)


def _keep_statements() -> None:
    """What a text was parsed into, the same for everybody; whoever asks gets a copy, since rules are written into it."""
    from superset.sql.parse import SQLStatement

    asked = SQLStatement._parse

    @lru_cache(KEPT_STATEMENTS)
    def parsed(script: str, engine: str) -> list[Any]:
        """Statements as they were read."""
        found: list[Any] = asked(script, engine)
        return found

    SQLStatement._parse = lambda script, engine: [each and each.copy() for each in parsed(script, engine)]


def _keep_rules() -> None:
    """The rules of a table for whoever asks, within one request."""
    from flask import g, has_request_context
    from superset.utils import rls
    from superset.utils.core import get_username

    asked = rls.get_predicates_for_table

    def predicates(table: Any, database: Any, default_catalog: str | None) -> list[str]:
        """As Superset finds them, once."""
        if not has_request_context():
            return list(asked(table, database, default_catalog))
        held: dict[Any, list[str]] = g.setdefault("landfall_rules", {})
        key = (get_username(), database.id, table, default_catalog)
        if key not in held:
            held[key] = asked(table, database, default_catalog)
        return list(held[key])

    rls.get_predicates_for_table = predicates
