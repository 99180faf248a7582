"""Hand-made nights up to publishing: a model, a build, its marts and the gate's verdict."""

from dataclasses import dataclass
from datetime import date

from warehouse.builds import Build, open_build
from warehouse.connection import connect

MODEL = """insert into scores.models (model_version, model_name, as_of, tier, digest, metrics, is_promoted, reason)
           values ('{name}', 'win', '{as_of}', 'smoothed', 'digest of {name}', '{{}}', true, 'test')"""


@dataclass(frozen=True)
class Nights:
    """Stands for the steps before publishing, on a database of its own."""

    tenant: str

    def execute(self, role: str | None, *statements: str) -> None:
        """Run statements in `role`, each in a transaction of its own."""
        with connect(role, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def fetch(self, role: str | None, query: str) -> list[tuple[object, ...]]:
        """Rows of `query` in `role`."""
        with connect(role) as connection:
            return connection.execute(query).fetchall()

    def build(self, as_of: date, deals: list[tuple[str, str]] | None = None, *, verdict: str = "passed") -> Build:
        """Open the build of `as_of`, make its two marts (deals: id, amount) and write the gate's verdict."""
        build = open_build(as_of)
        self.make_marts(build, deals or [("O-1", "100.00"), ("O-2", "250.50")])
        self.execute(
            "checker",
            "insert into ops.gate_verdicts (as_of, border, build_id, verdict, reason) "
            f"values ('{as_of}', 'marts', '{build.build_id}', '{verdict}', 'test')",
        )
        return build

    def make_marts(self, build: Build, deals: list[tuple[str, str]]) -> None:
        """Replace the build's marts, as dbt does."""
        values = ", ".join(f"('{build.build_id}', '{deal}', {amount}::numeric(18,2))" for deal, amount in deals)
        self.execute(
            "transformer",
            f"drop table if exists {build.schema}.mart_deals, {build.schema}.mart_build",
            f"create table {build.schema}.mart_deals as select * from (values {values}) as v (build_id, opportunity_id, gross_amount)",
            f"create table {build.schema}.mart_build as select '{build.build_id}'::text as build_id, '{build.as_of}'::date as as_of",
        )
