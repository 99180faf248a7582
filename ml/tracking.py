"""The model registry: runs, figures, artefacts and the champion alias in MLflow. The only module that knows MLflow.

The store is the database `mlflow` beside ours unless the setting `mlflow_uri` names another; artefacts lie under `<home>/mlflow`.
Imported by training alone: the import takes five seconds.
"""

import os

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import mlflow
from mlflow.entities import Experiment
from mlflow.exceptions import MlflowException

from config.settings import settings
from ml.bundle import Bundle
from ml.targets import WIN, Target
from warehouse.connection import connect, sqlalchemy_url
from warehouse.migrate import ensure_database

ALIAS = "champion"


def registered_name(target: Target = WIN) -> str:
    """Name of a model of this tenant in the registry."""
    return f"{target.name}_{settings().tenant}"


def log(
    bundle: Bundle,
    parameters: Mapping[str, object],
    figures: Mapping[str, float],
    tags: Mapping[str, str],
    *,
    promoted: bool,
) -> str:
    """Log one training; returns the run's id. A version that the registry holds already is not logged again.

    The alias `champion` moves to it when `promoted`. Raises what MLflow or the database raise when the registry cannot be reached.
    """
    with _alone():
        client = mlflow.MlflowClient(tracking_uri=_store(), registry_uri=_store())
        return _log(client, bundle, parameters, figures, tags, promoted=promoted)


@contextmanager
def _alone() -> Iterator[None]:
    """Tenants of one server that train at the same time take turns: MLflow's first use of a store makes its tables without a lock."""
    with connect(None, autocommit=True, database="postgres") as connection:
        connection.execute("select pg_advisory_lock(hashtext('landfall registry'))")
        yield


def _log(
    client: mlflow.MlflowClient,
    bundle: Bundle,
    parameters: Mapping[str, object],
    figures: Mapping[str, float],
    tags: Mapping[str, str],
    *,
    promoted: bool,
) -> str:
    name = registered_name(bundle.model.target)
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    held = [
        v for v in client.search_model_versions(f"name = '{name}'") if v.tags.get("model_version") == bundle.version
    ]
    if held:
        return str(held[0].run_id)
    run = client.create_run(
        _experiment(client).experiment_id, run_name=bundle.version, tags={**tags, "model_version": bundle.version}
    )
    run_id = str(run.info.run_id)
    for key, value in parameters.items():
        client.log_param(run_id, key, value)
    for key, figure in figures.items():
        client.log_metric(run_id, key, figure)
    client.log_artifacts(run_id, str(bundle.folder), "model")
    version = client.create_model_version(
        name, f"{run.info.artifact_uri}/model", run_id, tags={"model_version": bundle.version, "digest": bundle.digest}
    )
    if promoted:
        client.set_registered_model_alias(name, ALIAS, version.version)
    client.set_terminated(run_id)
    return run_id


def _experiment(client: mlflow.MlflowClient) -> Experiment:
    name = settings().tenant
    found = client.get_experiment_by_name(name)
    if found is None:
        found = client.get_experiment(
            client.create_experiment(name, artifact_location=(settings().home / "mlflow" / name).resolve().as_uri())
        )
    return found


def _store() -> str:
    if settings().mlflow_uri:
        return settings().mlflow_uri
    ensure_database("mlflow")
    passfile = settings().pg_passfile
    if passfile:
        os.environ["PGPASSFILE"] = str(passfile)
    return sqlalchemy_url("", database="mlflow")
