"""A vendor's secret changes while both hold at the vendor: tried before it is put in place, the old one forgotten once it is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import secret_files, settings, use
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
