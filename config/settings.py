"""The settings of one installation, read once from environment file, runtime file and environment.

In: `config/embedded.env` (or the file that LANDFALL_ENV_FILE names), then `<home>/runtime.env` (ports that our own commands chose),
then variables of the process; later wins. A secret may stand in a file (`config/secret_files.py`). Out: one frozen `Settings`.
No other module reads the environment.
"""

import os
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.channels import ChannelSettings
from config.secret_files import is_secret, named_files, read_secret
from config.systems import CREDENTIALS, SystemSettings

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "LANDFALL_"
TENANT = r"^[a-z][a-z0-9_]{0,30}$"


class Settings(ChannelSettings, SystemSettings, BaseSettings):
    """Everything that differs between two installations. Secrets are typed as secrets and never printed."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True)

    home: Path = Field(ROOT / "var", description="folder of state and logs, git-ignored")
    tenant: str = Field("sandbox", pattern=TENANT, description="names database, mapping folder and experiment")
    tenants_dir: Path = Field(
        ROOT / "config" / "tenants", description="folder of the tenants' mapping files, one folder a tenant"
    )
    lang: Literal["zh", "en"] = Field("zh", description="language of summary, reasons and alerts")
    time_zone: str = Field("Asia/Shanghai", description="business time zone: a day D ends at D+1 00:00 there")
    seed: int = Field(20240101, description="seed of training and draws")
    as_of: str = Field("", description="business day of a scheduled night; empty asks the clock")

    pg_host: str = Field("127.0.0.1", description="PostgreSQL host or socket folder")
    pg_port: int = Field(0, description="PostgreSQL port; 0 lets the embedded server choose a free one")
    pg_user: str = Field("landfall", description="login that is a member of the pipeline's roles")
    pg_embedded: bool = Field(True, description="whether our commands start and stop the server in home/postgres")
    pg_passfile: Path | None = Field(None, description="libpq password file, so that no address carries a password")
    metrics_file: Path | None = Field(
        None, description="file of metrics for Prometheus, written at the end of every night and at its deadline"
    )
    step_log: Path | None = Field(None, description="file to which every step adds one JSON line: counts, no values")
    backup_dir: Path | None = Field(None, description="folder of backups; set, every night ends with one")
    pg_backup_user: str = Field(
        "postgres", description="login that may read every table and role; its password stands in pg_passfile"
    )

    sources: str = Field(
        "",
        description="systems to read, separated by commas; empty means files alone where a mapping is set, else all that are connected",
    )
    look_back_minutes: int = Field(60, ge=15, description="how far before the watermark a walk reads again")
    private_hosts: str = Field(
        "",
        description="hosts of systems in the company's own network, separated by commas; others are looked for outside",
    )
    request_deadline_s: float = Field(60.0, description="longest time for one request, body included")

    concurrency: int = Field(
        4, ge=1, le=16, description="requests under way at once to one system where it is read whole"
    )

    input_dir: Path | None = Field(None, description="folder of exported files; set together with mapping")
    mapping: Path | None = Field(None, description="YAML that maps the files' columns to ours")
    history: Literal["full", "stage_only", "none"] = Field(
        "full", description="what the go-live export may tell of the past"
    )
    history_dir: Path | None = Field(None, description="folder of the go-live export")
    snapshot_every_days: int = Field(7, ge=1, description="grid of training snapshots")

    writeback: Literal["off", "fxiaoke", "dingtalk", "salesforce", "csv"] = Field("off", description="where scores go")
    writeback_cap: int = Field(20000, description="most records written to the CRM in one night")
    writeback_nights: int = Field(3, ge=1, description="nights of refusal after which a record is no longer sent")
    public_url: str = Field("http://127.0.0.1:8088", description="address of the pages that links in the CRM open")

    submission_due: str = Field(
        "1 12:00",
        pattern=r"^[1-7] ([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="until when in a week managers give their numbers: ISO weekday and local time",
    )
    submission_port: int = Field(8092, description="port of the managers' page; 0 chooses a free one")

    vault_key: SecretStr = Field(SecretStr(""), description="key of the vault's look-up hashes")
    token_seed: SecretStr = Field(SecretStr(""), description="seed of personal tokens; empty draws random ones")

    mlflow_uri: str = Field("", description="tracking store; empty means the database mlflow beside ours")
    airflow_port: int = Field(8080, description="port of the Airflow pages under make up")
    airflow_host: str = Field("127.0.0.1", description="address on which the Airflow pages listen")
    airflow_url: str = Field(
        "", description="where Airflow's own processes find its pages; empty means that port on this machine"
    )
    airflow_keys_dir: Path | None = Field(
        None, description="folder of Airflow's own keys, which are drawn there; empty means home/airflow/keys"
    )
    openlineage_config: Path | None = Field(
        None, description="OpenLineage's own YAML that says where Airflow's events go; empty: none are made"
    )
    bi_port: int = Field(8088, description="port of the pages under make bi")
    bi_host: str = Field("127.0.0.1", description="address on which the pages of a container listen")
    bi_embed_origins: str = Field(
        "", description="sites that may show P1 and P3 in a frame, separated by commas; empty: none"
    )
    crm_record_url: str = Field(
        "", description="address of a deal in the CRM, {id} for its id; empty: deals have no link there"
    )
    mlflow_port: int = Field(5000, description="port of the MLflow pages under make up")
    mlflow_host: str = Field("127.0.0.1", description="address on which the MLflow pages listen")
    secrets_dir: Path | None = Field(
        None, description="folder of files, each named as a secret's setting in lower case without the prefix"
    )
    sandbox: bool = Field(False, description="whether our commands create and start the sandbox company")
    sandbox_port: int = Field(0, description="port of the sandbox company; 0 chooses a free one")
    sandbox_day: str = Field("2026-05-20", description="the sandbox company's day when it is created")
    sandbox_scale: float = Field(1.0, gt=0, description="size of the sandbox company")
    sandbox_seed: int = Field(20240101, description="seed of the sandbox company")
    sandbox_dialect: Literal["standard", "renamed"] = Field(
        "standard", description="how the sandbox company's CRM is set up; renamed: names, stages and units of its own"
    )
    sandbox_clock_speed: float = Field(
        2000.0, gt=0, description="sandbox seconds per second, for quotas and token life"
    )

    failpoint: str = Field("", description="tests: the named point at which a step kills itself")

    @property
    def connected(self) -> list[str]:
        """The systems that there are credentials for, files first, in the order in which they are read."""
        files = ["files"] if self.mapping else []
        return files + [system for system, field in CREDENTIALS.items() if getattr(self, field)]

    @property
    def systems(self) -> list[str]:
        """The systems that a night reads."""
        if self.sources:
            return [name for name in self.connected if name in self.sources.split(",")]
        return ["files"] if self.mapping else self.connected

    @property
    def pg_database(self) -> str:
        """Name of the tenant's database."""
        return f"landfall_{self.tenant}"

    def page_url(self, page: str) -> str:
        """Where a page is for people, whether the pages run or not."""
        return f"{self.public_url.rstrip('/')}/superset/dashboard/{page}/"


def env_files(environ: Mapping[str, str]) -> list[Path]:
    """The files that settings come from, weakest first."""
    home = Path(environ.get(f"{PREFIX}HOME", ROOT / "var"))
    return [Path(environ.get(f"{PREFIX}ENV_FILE", ROOT / "config" / "embedded.env")), home / "runtime.env"]


@cache
def settings() -> Settings:
    """The settings of this process; read once."""
    read: dict[str, Any] = {name: read_secret(path, f"{PREFIX}{name.upper()}") for name, path in secret_files().items()}
    return Settings(_env_file=env_files(os.environ), _env_file_encoding="utf-8", **read)


def secret_names() -> list[str]:
    """The settings that are secrets."""
    return [name for name, field in Settings.model_fields.items() if is_secret(field.annotation)]


def secret_files() -> dict[str, Path]:
    """Secrets of this process that stand in files: setting name → file."""
    return named_files(PREFIX, secret_names(), env_files(os.environ), os.environ)


def use(**values: str) -> Settings:
    """Override settings (names in lower case) for this process and its children; returns the settings now in force."""
    os.environ.update({f"{PREFIX}{name.upper()}": value for name, value in values.items()})
    settings.cache_clear()
    return settings()


def child_environment(**overrides: str) -> dict[str, str]:
    """The environment for a child process: ours, plus `overrides` (setting names in lower case), plus what libpq needs.

    The sandbox's data and every tool's state stay under `home`; telemetry is off everywhere.
    """
    now = settings()
    own = {f"{PREFIX}{name.upper()}": value for name, value in overrides.items()}
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    modules = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    env = {**os.environ, **own, "PATH": programs, "PYTHONPATH": modules, "PYTHONUNBUFFERED": "1"}
    env.setdefault(f"{PREFIX}HOME", str(now.home))
    env |= {
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GX_ANALYTICS_ENABLED": "false",
        "OMP_NUM_THREADS": env.get("OMP_NUM_THREADS", "2"),
        "OMP_WAIT_POLICY": "passive",
    }
    if now.pg_passfile:
        env["PGPASSFILE"] = str(now.pg_passfile)
    return env
