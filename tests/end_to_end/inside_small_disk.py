"""Run by `test_full_disk.py` inside its namespace: fill the disk under PostgreSQL, extract, make room, extract again; tell it as JSON."""

import json
import subprocess
import sys
from shutil import disk_usage

from config.settings import settings
from warehouse.frames import fetch_all

LEFT_BYTES = 300_000  # less than one day of the company needs


def run(*arguments: str) -> dict[str, object]:
    """One command to its end: exit code, everything it said, its last line."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    last_line = f"\n{done.stdout}".rstrip("\n").rpartition("\n")[2]
    return {"code": done.returncode, "output": done.stdout, "last_line": last_line}


def landed() -> dict[str, list[object]]:
    """Table → distinct records and a hash of all rows, clocks and walk names left out."""
    listing = "select table_name from information_schema.tables where table_schema = 'landing' order by 1"
    columns = "record_id, record, record_hash, changed_at, known_at, is_reconstructed"
    query = """
        select count(distinct record_id), md5(coalesce(string_agg(md5(row({0})::text), '' order by md5(row({0})::text)), ''))
        from landing.{1}
    """
    tables = fetch_all("checker", listing)
    return {table: list(fetch_all("checker", query.format(columns, table))[0]) for (table,) in tables}


def main(day: str) -> dict[str, object]:
    """The whole story; ends with the command's own words when the server does not come up."""
    for arguments in (("sandbox.postgres", "start"), ("warehouse", "migrate")):
        if (begun := run(*arguments))["code"]:
            raise SystemExit(str(begun["output"]))
    settings.cache_clear()
    ballast = settings().home / "postgres" / "ballast"
    with ballast.open("wb") as out:
        out.write(b"\0" * max(disk_usage(ballast.parent).free - LEFT_BYTES, 0))
    full = run("connectors", "extract", "--as-of", day)
    ballast.unlink()
    run("sandbox.postgres", "start")  # does nothing while it is up
    marks = fetch_all("checker", "select count(*) from ops.watermarks")[0][0]
    again = run("connectors", "extract", "--as-of", day)
    sums = "select bool_and(received = landed + unchanged + quarantined) from ops.loads where state = 'finished'"
    told = {"full": full, "again": again, "watermarks_when_full": marks, "sums_hold": fetch_all("checker", sums)[0][0]}
    told["landed"] = landed()
    run("sandbox.postgres", "stop")
    return told


if __name__ == "__main__":
    print(json.dumps(landed() if sys.argv[1] == "landed" else main(sys.argv[1])))
