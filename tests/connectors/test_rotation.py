"""A vendor's secret changes while both hold at the vendor: tried before it is put in place, the old one forgotten once it is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import secret_files, settings, use
from nightly import airflow
from nightly.rotate import rotate
from tests.connectors.company import Company
from warehouse.steps import StepError

NAME = "fxiaoke_app_secret"


def secret(path: Path, text: str) -> Path:
    path.write_text(f"{text}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def folder(company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder of secrets whose CRM's secret holds."""
    monkeypatch.setenv("LANDFALL_SECRETS_DIR", "")
    secret(tmp_path / NAME, "sandbox-secret")
    use(secrets_dir=str(tmp_path))
    yield tmp_path
    monkeypatch.undo()
    settings.cache_clear()


def test_a_secret_is_tried_put_in_place_and_the_old_one_forgotten_when_it_is_refused(
    company: Company, folder: Path
) -> None:
    new = secret(folder / "from-the-vendor", "second-secret")
    with pytest.raises(StepError, match="fxiaoke refuses the new secret or cannot be reached; the old one stays"):
        rotate(NAME, new)
    assert (folder / NAME).read_text() == "sandbox-secret\n"
    company.ask("rules", {"fxiaoke_app_secrets": ["sandbox-secret", "second-secret"]})
    assert rotate(NAME, new) == 0
    assert settings().fxiaoke_app_secret.get_secret_value() == "second-secret"
    with pytest.raises(StepError, match="fxiaoke still takes the old secret: withdraw it there"):
        rotate(NAME, None, finish=True)
    company.ask("rules", {"fxiaoke_app_secrets": ["second-secret"]})
    company.ask("faults", [{"kind": "http_503"}])
    with pytest.raises(StepError, match="fxiaoke could not be asked, so the old secret is kept"):
        rotate(NAME, None, finish=True)
    company.ask("faults", [])
    assert (folder / f"{NAME}.previous").exists()
    assert rotate(NAME, None, finish=True) == 0
    assert not (folder / f"{NAME}.previous").exists()
    assert secret_files()[NAME] == folder / NAME
    with pytest.raises(StepError, match="is not being rotated"):
        rotate(NAME, None, back=True)


@pytest.mark.slow
def test_a_rotation_of_airflows_keys_that_fails_again_and_again_still_holds_the_key_of_before(
    tenant_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The rerun that its message asked for took the fresh key for the old one: what Airflow keeps could not be read any more."""
    monkeypatch.setenv("LANDFALL_AIRFLOW_KEYS_DIR", str(tmp_path))
    monkeypatch.setenv("LANDFALL_PG_PORT", "1")  # where no server listens
    settings.cache_clear()
    before = airflow.fernet_key()
    file = secret(tmp_path / "airflow_fernet_keys", before)
    held = []
    for _ in range(2):
        with pytest.raises(StepError, match="keys hold: rerun"):
            rotate("airflow", None)
        held.append(file.read_text().strip().split(","))
    monkeypatch.undo()
    settings.cache_clear()
    assert held[0] == held[1] == [held[0][0], before]
    assert held[0][0] != before
