"""What is asked again and again while a page opens and never changes: kept by the browser, or by the server's process.

A browser keeps the columns of a dashboard's datasets for minutes; they change with a new bundle alone, and no row of data is among them.
The server keeps the default schema of a database: Superset opens a connection for it each time a dataset's query is read, twice a chart.
"""

from functools import cache
from typing import Any

KEPT_SECONDS = 300
ENDPOINTS = {"DashboardRestApi.get_datasets", "DatasetRestApi.get_drill_info"}


def prepare(app: Any) -> None:
    """Say so in every answer about datasets, for the one browser that asked, not for what stands between; and remember the schemas."""
    from flask import request
    from superset.models.core import Database

    asked = Database.get_default_schema

    @cache
    def default_schema(number: int, catalog: str | None) -> str | None:
        """Of the database with that id."""
        from superset import db

        found: str | None = asked(db.session.get(Database, number), catalog)
        return found

    Database.get_default_schema = lambda database, catalog: default_schema(database.id, catalog)

    @app.after_request  # type: ignore[untyped-decorator] # Flask has no types here
    def keep(answer: Any) -> Any:
        """Only of good answers."""
        if request.endpoint in ENDPOINTS and answer.status_code == 200:
            answer.headers["Cache-Control"] = f"private, max-age={KEPT_SECONDS}"
        return answer
