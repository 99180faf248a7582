"""Secrets in files: read where the settings name them, refused when others may read them, never shown."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.secret_files import SecretFileError
from config.settings import secret_files, settings, use


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of secrets; the environment is put back afterwards."""
    for name in ("HOME", "ENV_FILE", "SECRETS_DIR", "VAULT_KEY", "VAULT_KEY_FILE", "KINGDEE_APP_SECRET_FILE"):
        monkeypatch.setenv(f"LANDFALL_{name}", "")
        monkeypatch.delenv(f"LANDFALL_{name}")
    use(home=str(tmp_path / "home"))
    yield tmp_path
    monkeypatch.undo()
    settings.cache_clear()


def secret(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


def test_a_file_overrules_the_environment_file_and_a_value_of_the_process_overrules_a_folder(folder: Path) -> None:
    use(vault_key_file=str(secret(folder / "one", "from a file\nnot this line\n")))
    assert settings().vault_key.get_secret_value() == "from a file"
    secret(folder / "kingdee_app_secret", "of the folder\n")
    use(secrets_dir=str(folder))
    assert settings().kingdee_app_secret.get_secret_value() == "of the folder"
    assert secret_files() == {"kingdee_app_secret": folder / "kingdee_app_secret", "vault_key": folder / "one"}
    use(kingdee_app_secret="of the process")
    assert settings().kingdee_app_secret.get_secret_value() == "of the process"


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ("open-to-all", 0o644, "may be read by others (mode 644): `chmod 600 "),
        (" \n", 0o600, "is empty: write the secret into its first line, then rerun"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_with_what_to_do(
    folder: Path, text: str, mode: int, said: str
) -> None:
    with pytest.raises(SecretFileError) as refused:
        use(vault_key_file=str(secret(folder / "key", text, mode)))
    assert f"LANDFALL_VAULT_KEY_FILE={folder / 'key'} {said}" in str(refused.value)
    assert "open-to-all" not in str(refused.value)


def test_a_missing_file_is_named_and_a_secret_given_twice_is_refused(folder: Path) -> None:
    with pytest.raises(SecretFileError, match=r"absent cannot be read \(No such file or directory\)"):
        use(vault_key_file=str(folder / "absent"))
    with pytest.raises(SecretFileError, match="LANDFALL_VAULT_KEY and LANDFALL_VAULT_KEY_FILE are both set"):
        use(vault_key_file=str(secret(folder / "key", "a")), vault_key="b")
