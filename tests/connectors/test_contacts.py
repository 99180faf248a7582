"""Which channels a tenant has and who people are there, as its settings and its own file say."""

from pathlib import Path

import pytest

from config.settings import settings
from connectors.channels import open_channels
from connectors.contacts import contact_of
from warehouse.steps import StepError


def test_a_channel_without_its_settings_and_one_that_there_is_not_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for asked, said in [
        ("wecom_robot", "LANDFALL_NOTIFY_WECOM_ROBOT_KEY is not set"),
        ("pager", "there is no channel pager"),
    ]:
        monkeypatch.setenv("LANDFALL_NOTIFY", asked)
        settings.cache_clear()
        with pytest.raises(StepError, match=said):
            open_channels()
    settings.cache_clear()


def test_contacts_come_from_the_tenants_file_and_a_broken_one_is_refused_without_its_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = tmp_path / "good.yml", tmp_path / "bad.yml"
    good.write_text("'1007': {wecom: lina}\n", "utf-8")
    bad.write_text("'1007': {mobile: '13800000000'}\n", "utf-8")
    monkeypatch.setenv("LANDFALL_NOTIFY_CONTACTS", str(good))
    settings.cache_clear()
    assert (contact_of("1007").wecom, contact_of("1007").fxiaoke, contact_of("1008").fxiaoke) == (
        "lina",
        "1007",
        "1008",
    )
    monkeypatch.setenv("LANDFALL_NOTIFY_CONTACTS", str(bad))
    settings.cache_clear()
    with pytest.raises(StepError, match=r"bad\.yml is no list of contacts") as refused:
        contact_of("1007")
    assert "13800000000" not in str(refused.value)
    settings.cache_clear()
