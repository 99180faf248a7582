"""The metric layer of the dbt project, asked about one build as its readers ask: MetricFlow makes the SQL, the build answers it.

In: the folder of a parsed project, the build's schema. Out: rows of (dimensions…, metrics…) for the metrics that are named.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.postgres import PostgresSQLSqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from config.settings import settings
from nightly import dbt_engine

Rows = list[tuple[Any, ...]]


class Dialect:
    """What MetricFlow wants to know of a database that somebody else asks."""

    sql_engine_type = SqlEngine.POSTGRES
    sql_plan_renderer = PostgresSQLSqlPlanRenderer()


def manifest_of(parsed: Path) -> dict[str, Any]:
    """The semantic manifest that dbt writes when it parses the project."""
    found = dbt_engine.parse(parsed)
    assert not isinstance(found, str), found
    return dict(json.loads((parsed / "semantic_manifest.json").read_text("utf-8")))


class MetricLayer:
    """The metrics of one build; `asked` runs a statement."""

    def __init__(self, manifest: dict[str, Any], schema: str, asked: Callable[[str], Rows]) -> None:
        for model in manifest["semantic_models"]:
            relation = model["node_relation"]
            relation |= {"schema_name": schema, "database": settings().pg_database}
            relation["relation_name"] = f'"{schema}"."{relation["alias"]}"'
        lookup = SemanticManifestLookup(parse_manifest_from_dbt_generated_manifest(json.dumps(manifest)))
        self._engine = MetricFlowEngine(lookup, Dialect())
        self._asked = asked

    def statement(self, metrics: Sequence[str], by: Sequence[str], where: Sequence[str] = ()) -> str:
        """The SQL that MetricFlow makes of a question."""
        request = MetricFlowQueryRequest.create(
            metric_names=list(metrics), group_by_names=list(by), where_constraints=list(where), order_by_names=list(by)
        )
        return str(self._engine.explain(request).sql_statement.sql)

    def ask(self, metrics: Sequence[str], by: Sequence[str], where: Sequence[str] = ()) -> Rows:
        """Rows of the dimensions `by` ("entity__dimension") and the metrics, in the order asked for."""
        columns = ", ".join([*by, *metrics])
        statement = self.statement(metrics, by, where)
        return self._asked(f"select {columns} from ({statement}) as answered order by {', '.join(by)}")
