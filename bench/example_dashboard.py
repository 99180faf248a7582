"""Loads Superset's own example dashboard of sales, as it ships with it, beside ours: the page that ours is measured against.

Runs in `.venv-bi` with Superset's environment (`nightly/pages.py`); imports nothing of ours.
"""

from importlib.resources import files

from superset.app import create_app

NAME, SLUG = "sales_dashboard", "example-sales"


def main() -> None:
    """Load data, dataset, charts and dashboard; may run again."""
    app = create_app()
    with app.app_context():
        from superset import db
        from superset.commands.importers.v1.examples import ImportExamplesCommand
        from superset.connectors.sqla.models import SqlaTable
        from superset.examples import utils
        from superset.models.dashboard import Dashboard
        from superset.utils.core import override_user

        root = files("superset") / "examples"
        with override_user(app.appbuilder.sm.find_user(username="landfall_loader")):
            contents = utils._load_shared_configs(utils.Path("examples"))
            contents |= utils._load_example_contents(
                utils.Path("examples") / NAME, NAME, utils.re.compile("never"), True
            )
            _load_rows(root / NAME / "data.parquet", contents)
            ImportExamplesCommand(contents, overwrite=True, force_data=False).run()
        dashboard = db.session.query(Dashboard).order_by(Dashboard.id.desc()).first()
        dashboard.slug, dashboard.published = SLUG, True
        db.session.commit()
        print(
            f"{dashboard.dashboard_title}: {len(dashboard.slices)} charts, {db.session.query(SqlaTable).count()} datasets"
        )


def _load_rows(parquet: object, contents: dict[str, str]) -> None:
    """The example's rows, into the database that Superset keeps examples in: its charts ask that one."""
    import pandas
    import yaml
    from superset.utils.database import get_example_database

    told = yaml.safe_load(contents[f"datasets/examples/{NAME}.yaml"])
    with parquet.open("rb") as rows, get_example_database().get_sqla_engine() as engine:  # type: ignore[attr-defined]
        pandas.read_parquet(rows).to_sql(told["table_name"], engine, if_exists="replace", index=False)


if __name__ == "__main__":
    main()
