"""A Salesforce org gets fields between two nights: one of people is told of once, those for our scores never."""

from pathlib import Path

from connectors.source_fields import note_fields
from connectors.streams import mapping_of
from sandbox.salesforce_schema import WRITABLE
from tests.connectors.channels import Served, served
from tests.connectors.salesforce_org import DAY, PATCHES, Org, pointed
from warehouse.connection import connect
from warehouse.walks import loading


def noted(running: Served, home: Path) -> list[list[str]]:
    """What two nights in a row tell of the deals' fields."""
    org, deals = Org(pointed(running.url, home)).opened(), mapping_of("salesforce").streams["opportunities"]
    with loading("salesforce") as connection:
        told = [note_fields(connection, org, deals, DAY) for _ in range(2)]
    org.close()
    return told


def test_a_field_that_the_org_got_is_told_of_once_and_no_night_tells_of_fields_for_scores(
    tenant_database: str, tmp_path: Path
) -> None:
    with served(tmp_path / "org", PATCHES, "renamed") as running:
        assert noted(running, tmp_path) == [[], []]
        made = ", ".join(f'["Opportunity", "{name}"]' for name in WRITABLE["Opportunity"])
        running.world.store.put_state("created_fields", f"[{made}]")
        assert noted(running, tmp_path) == [[], []]
    with served(
        tmp_path / "other", PATCHES
    ) as running:  # as if the org had become another one: it has record types and currencies
        first, again = noted(running, tmp_path)
        assert {"CurrencyIsoCode", "RecordTypeId"} <= set(first)
        assert again == []
    with connect("loader") as connection:
        kept = connection.execute(
            "select field from ops.source_fields where is_new and system = 'salesforce'"
        ).fetchall()
    assert sorted(field for (field,) in kept) == first
