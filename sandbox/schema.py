"""Tables of a company's file, and how the file is opened."""

import sqlite3
from pathlib import Path

TABLES = """
create table state(key text primary key, value text not null) without rowid;
create table journal(seq integer primary key, at_ms integer not null, object text not null, id text not null, version integer not null,
    op text not null, fields text not null, old text, actor text not null, effective integer not null, workflow_fired integer not null);
create table current(object text not null, id text not null, body text not null, create_time integer not null,
    last_modified_time integer not null, last_modified_by text not null, version integer not null);
create table future(seq integer primary key, at_ms integer not null, object text not null, id text not null, op text not null,
    fields text not null, actor text not null);
create table requests(seq integer primary key, at_s real not null, path text not null, object text not null, http_status integer not null,
    error_code integer, rows integer not null, fault text);
create table targets(node_id text not null, period_id text not null, gross_amount text not null);
"""
INDEXES = """
create unique index current_by_id on current(object, id, last_modified_time);
create index current_by_time on current(object, last_modified_time, id);
create index journal_by_record on journal(object, id);
create index future_by_time on future(at_ms);
analyze;
"""
JOURNAL_COLUMNS = "seq, at_ms, object, id, version, op, fields, old, actor, effective, workflow_fired"
REQUEST_COLUMNS = "seq, at_s, path, object, http_status, error_code, rows, fault"
CURRENT_COLUMNS = "object, id, body, create_time, last_modified_time, last_modified_by, version"


def connect(path: Path) -> sqlite3.Connection:
    """A connection that commits each statement by itself unless a transaction is opened."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=60)
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=normal")
    return connection
