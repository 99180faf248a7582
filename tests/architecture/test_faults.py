"""The page of faults names every fault, and every switch of the sandbox."""

import re
from dataclasses import fields

from config.settings import ROOT
from sandbox.quota import Rules

PAGE = (ROOT / "docs" / "faults.md").read_text("utf-8")
FAULTS = [*range(1, 55)]
OF_TESTS_ALONE = {  # no open point: how often one may ask, what is granted, how a job goes
    "requests_per_20s", "daily_quota", "token_calls_per_minute", "round_trip_s", "denied_objects", "fxiaoke_app_secrets",
    "salesforce_bulk_polls", "salesforce_bulk_rows", "salesforce_bulk_fails", "salesforce_ingest_fails_at", "salesforce_certificate",
    "secrets",
}  # fmt: skip


def test_every_fault_has_its_row() -> None:
    assert [int(number) for number in re.findall(r"^\| F(\d+) ", PAGE, re.MULTILINE)] == FAULTS


def test_every_switch_is_named() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE))
    assert {field.name for field in fields(Rules)} - OF_TESTS_ALONE - named == set()
