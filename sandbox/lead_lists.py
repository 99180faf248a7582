"""Lists of leads as the company's people drop them in a folder: what visitors left at the stand, and the clues of 巨量引擎, a file a month.

In: the channels that have no API. Out: CSV files of the last months up to the company's day; a later day adds rows at the end of its
month's file. One row in about fifty has something else where the phone belongs.
"""

import csv
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

from sandbox.channels import Channels, Inquiry, channel_lead_id
from sandbox.clock import ZONE, cutoff_ms
from sandbox.store import Store

MONTHS_BACK = timedelta(days=90)
SCRAWLED_EVERY = 47
LISTS = {
    "fair": ("fair", ["编号", "姓名", "公司", "手机", "登记时间"]),
    "douyin": ("juliang", ["线索ID", "姓名", "广告计划名称", "电话号码", "线索创建时间"]),
}


def write_lists(store: Store, folder: Path) -> dict[str, int]:
    """Write the lists into `folder`; returns rows by file."""
    folder.mkdir(parents=True, exist_ok=True)
    channels, end = Channels(store), cutoff_ms(store.day())
    start = end - int(MONTHS_BACK.total_seconds()) * 1000
    written: dict[str, int] = {}
    for channel, (stem, header) in LISTS.items():
        for month, held in groupby(channels.inquiries(channel, start, end), key=_month):
            rows = [_row(channel, each) for each in held]
            path = folder / f"{stem}_{month}.csv"
            with path.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([header, *rows])
            written[path.name] = len(rows)
    return written


def _local(inquiry: Inquiry) -> datetime:
    return datetime.fromtimestamp(inquiry.at_ms / 1000, UTC).astimezone(ZONE)


def _month(inquiry: Inquiry) -> str:
    return f"{_local(inquiry):%Y-%m}"


def _row(channel: str, inquiry: Inquiry) -> list[str]:
    phone = "见名片" if inquiry.number % SCRAWLED_EVERY == 0 else inquiry.phone
    said = (inquiry.company or "") if channel == "fair" else ("华东", "华南", "全国")[inquiry.number % 3] + "-短视频"
    return [channel_lead_id(channel, inquiry.number), inquiry.name, said, phone, f"{_local(inquiry):%Y-%m-%d %H:%M:%S}"]
