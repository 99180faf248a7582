"""What a preview shows before anything lands: records to the end of a business day, by the tenant's months."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from config.settings import settings
from connectors.preview import preview
from tests.connectors.vendor import Asked, Vendor

TOKEN: dict[str, Any] = {"accessToken": "AT", "expireIn": 7200}
AT = [
    "2026-06-30T23:59:59",
    "2026-07-01T00:00:00",
    "2026-07-02T09:00:00",
]  # in Shanghai; the second is still June in UTC
Told = Callable[[str, str, date], list[str]]


def milliseconds(local: str) -> int:
    return int(datetime.fromisoformat(f"{local}+08:00").timestamp() * 1000)


def logs(asked: Asked) -> Any:
    """Logs of the span that is asked for, at most 180 days, as the vendor answers."""
    if asked.path.endswith("accessToken"):
        return TOKEN
    start, end = asked.json["start_time"], asked.json["end_time"]
    assert end - start <= 180 * 86_400_000
    found = [
        {"report_id": f"rp-{number}", "template_name": "日报", "creator_id": "u1", "create_time": milliseconds(at)}
        for number, at in enumerate(AT)
    ]
    shown = [row for row, at in zip(found, map(milliseconds, AT), strict=True) if start <= at <= end]
    return {"errcode": 0, "result": {"has_more": False, "data_list": shown}}


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Told]:
    """told(system, stream, day): the lines of a preview of a vendor's DingTalk."""
    vendor = Vendor(logs)
    values = {"HOME": str(tmp_path), "DINGTALK_BASE_URL": vendor.url, "DINGTALK_LEGACY_BASE_URL": vendor.url}
    values |= {"DINGTALK_APP_KEY": "k", "DINGTALK_APP_SECRET": "s", "DINGTALK_USER_ID": "u1"}
    for name, value in (values | {"DINGTALK_REQUESTS_PER_20S": "0"}).items():
        monkeypatch.setenv(f"LANDFALL_{name}", value)
    settings.cache_clear()

    def lines(system: str, stream: str, day: date) -> list[str]:
        capsys.readouterr()
        preview(system, stream, day)
        return capsys.readouterr().out.splitlines()

    yield lines
    vendor.close()
    settings.cache_clear()


def test_what_a_vendor_tells_by_spans_is_shown_to_the_end_of_the_day(told: Told) -> None:
    """The walk ended in the year 9999, so that the spans asked for never reached the present: 0 records."""
    lines = told("dingtalk", "logs", date(2026, 7, 1))
    assert lines[0] == "dingtalk logs: 2 records of /topapi/report/list to the end of 2026-07-01"
    assert sum(line.startswith("  {") for line in lines) == 2


def test_months_are_the_tenants(told: Told) -> None:
    assert [line for line in told("dingtalk", "logs", date(2026, 7, 31)) if line.startswith("  created")] == [
        "  created 2026-06: 1 records",
        "  created 2026-07: 2 records",
    ]
