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


@pytest.mark.parametrize(
    "name", ["baidu_refresh_token", "baidu_secret_key", "tencent_refresh_token", "tencent_client_secret"]
)
def test_a_secret_whose_trial_would_spend_a_refresh_token_is_put_in_place_untried_and_says_so(
    company: Company, folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """The trial signed in from a home that was thrown away, and with it the token that had replaced the spent one."""
    asked = len(company.requests_since(0, path=""))
    secret(folder / name, "of-the-last-authorisation")
    use(
        baidu_base_url=f"{company.url}/baidu", baidu_oauth_base_url=f"{company.url}/baidu", baidu_app_id="sandbox-app",
        baidu_user_name="sandbox_account", tencent_base_url=f"{company.url}/tencent", tencent_account_id="25610001",
        tencent_client_id="1111000001", sources=name.partition("_")[0],
    )  # fmt: skip
    assert rotate(name, secret(folder / "from-the-vendor", "of-a-new-authorisation")) == 0
    assert "in place, untried: the next message or extraction shows whether it holds" in capsys.readouterr().out
    assert (folder / name).read_text() == "of-a-new-authorisation\n"
    assert rotate(name, None, finish=True) == 0
    assert len(company.requests_since(0, path="")) == asked


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
