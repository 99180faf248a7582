"""Brings Superset's records up to date in one process: schema, permissions, pages, the readers' role and the rules of row-level security.

In: `<SUPERSET_HOME>/landfall.json` and `bundle.json`. May run again: it changes what is there, and takes away pages, charts and datasets
of ours that are no longer described.
"""

import json
from pathlib import Path
from typing import Any

from superset.app import create_app

ADMIN, READER, RULE = "landfall_loader", "Landfall reader", "own rows of {}"
EMBEDDED = ("p1", "p1-mobile", "p3", "p3-mobile")


def main() -> None:
    """Do it all."""
    app = create_app()
    with app.app_context():
        _upgrade(app)
        told = app.config["LANDFALL"]
        given = json.loads((Path(app.config["HOME"]) / "bundle.json").read_text("utf-8"))
        from superset.utils.core import override_user

        with override_user(_loader(app)):
            _load(given, told)
            _forget(given)
        _role(app, given)
        _rules(app, given)
        _embed(told["embed_origins"])
        from superset import db

        db.session.commit()
    print(f"{len(given['files'])} files, {len(given['rules'])} rules loaded")


def _upgrade(app: Any) -> None:
    from flask_migrate import upgrade
    from superset.extensions import appbuilder, security_manager

    upgrade(directory=str(Path(app.root_path) / "migrations"))
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()


def _loader(app: Any) -> Any:
    """The user that owns what is loaded; it has no password that anybody could type, since PostgreSQL knows no such login."""
    security = app.appbuilder.sm
    user = security.find_user(username=ADMIN)
    return user or security.add_user(ADMIN, ADMIN, "", f"{ADMIN}@landfall.invalid", security.find_role("Admin"))


def _load(given: dict[str, Any], told: dict[str, Any]) -> None:
    from superset.commands.importers.v1.assets import ImportAssetsCommand

    files = dict(given["files"])
    database = json.loads(files["databases/landfall.yaml"])
    files["databases/landfall.yaml"] = json.dumps(database | {"sqlalchemy_uri": told["data"]})
    ImportAssetsCommand(files).run()


def _forget(given: dict[str, Any]) -> None:
    """Take away what we loaded once and no longer describe; what people made of their own stays."""
    from superset import db
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    described = {str(json.loads(text).get("uuid")) for text in given["files"].values()}
    for model in (Dashboard, Slice, SqlaTable):
        for thing in db.session.query(model).filter_by(is_managed_externally=True):
            if str(thing.uuid) not in described:
                db.session.delete(thing)


def _role(app: Any, given: dict[str, Any]) -> None:
    """Readers: what Gamma may, the rows behind a chart, and our datasets; no SQL of their own."""
    from superset import db
    from superset.connectors.sqla.models import SqlaTable

    security = app.appbuilder.sm
    security.copy_role("Gamma", READER, merge=False)
    role = security.find_role(READER)
    for permission in (
        ("can_samples", "Datasource"),
        ("can_drill", "Dashboard"),
        ("can_view_chart_as_table", "Dashboard"),
    ):
        security.add_permission_role(role, security.add_permission_view_menu(*permission))
    for dataset in db.session.query(SqlaTable).filter(SqlaTable.uuid.in_(list(given["rules"]))):
        security.add_permission_role(role, security.add_permission_view_menu("datasource_access", dataset.get_perm()))


def _rules(app: Any, given: dict[str, Any]) -> None:
    """One rule on each dataset, of the kind that holds for every role: a role that nobody thought of sees no more than the others."""
    from superset import db
    from superset.connectors.sqla.models import RowLevelSecurityFilter, SqlaTable

    kept = {rule.name: rule for rule in db.session.query(RowLevelSecurityFilter)}
    for uuid, clause in given["rules"].items():
        dataset = db.session.query(SqlaTable).filter_by(uuid=uuid).one()
        rule = kept.pop(RULE.format(uuid), None) or RowLevelSecurityFilter(name=RULE.format(uuid))
        rule.filter_type, rule.clause, rule.tables, rule.roles = "Base", clause, [dataset], []
        db.session.add(rule)
    for name, rule in kept.items():
        if name.startswith(RULE.format("")):
            db.session.delete(rule)


def _embed(origins: list[str]) -> None:
    """P1 and P3 may be shown in frames of those sites, under ids that stay; of none where there is none."""
    from superset import db
    from superset.models.dashboard import Dashboard
    from superset.models.embedded_dashboard import EmbeddedDashboard

    for held in db.session.query(EmbeddedDashboard):
        db.session.delete(held)
    db.session.flush()
    for dashboard in db.session.query(Dashboard).filter(Dashboard.slug.in_(EMBEDDED if origins else ())):
        db.session.add(
            EmbeddedDashboard(uuid=dashboard.uuid, dashboard_id=dashboard.id, allow_domain_list=",".join(origins))
        )


if __name__ == "__main__":
    main()
