"""The company as a Salesforce org shows it: objects, their fields, a row of each record, deleted ones included.

In: records and journal of the company. Out: rows by Salesforce's names; instants in epoch milliseconds, dates as text, amounts as decimals.
A record that lies in the CRM's bin, was merged away or deleted is in the org's recycle bin: `IsDeleted`.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from sandbox.clock import ZONE
from sandbox.salesforce_schema import FIELDS, MONEY, NUMBER, OBJECTS, USER, WRITABLE, org_id
from sandbox.store import Record, Store

STAGES = {
    "lead": "Prospecting",
    "need": "Needs Analysis",
    "quote": "Proposal/Price Quote",
    "nego": "Negotiation/Review",
}
CLOSED = {"won": "Closed Won", "lost": "Closed Lost"}
SUBTYPES = {"1": "Call", "4": "Email"}  # a visit, message or meeting is logged as a plain task
HISTORY = ("sales_stage", "amount", "probability", "close_date")  # a change of one of them adds a row to the history
FORECASTS = {"pipeline": "Pipeline", "best_case": "Best Case", "commit": "Commit"}


class Org:
    """The rows of one company."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ids: dict[str, dict[str, str]] = {}

    def rows(self, name: str) -> list[dict[str, Any]]:
        """All rows of an object, those in the recycle bin included."""
        prefix, ours = OBJECTS[name]
        if name == "OpportunityHistory":
            return list(self._history(prefix))
        shown: Callable[[Record], dict[str, Any]] = {
            "Account": _account, "Opportunity": _opportunity, "Lead": _lead, "Task": _task,
            "User": self._user, "UserRole": _role,
        }[name]  # fmt: skip
        rows = []
        gone = self._deleted(ours) if "IsDeleted" in FIELDS[name] else ()
        for record, is_deleted in [*((each, False) for each in self._living(ours)), *((each, True) for each in gone)]:
            is_gone = is_deleted or record.body.get("life_status", "normal") != "normal"
            row = dict.fromkeys(FIELDS[name]) | _common(record, prefix, is_gone=is_gone) | shown(record)
            rows.append(row | {field: _score(record, field, kind) for field, kind in WRITABLE.get(name, {}).items()})
        return rows

    def company_id(self, name: str, record_id: str) -> str | None:
        """The company's id behind a Salesforce id of 15 or 18 characters; None where no such record was ever there."""
        prefix, ours = OBJECTS[name]
        known = self._ids.setdefault(name, {})
        if record_id not in known:
            for row in self._store.rows("select distinct id from journal where object = ? and op = 'create'", [ours]):
                theirs = org_id(prefix, row["id"]) or ""
                known |= {theirs: row["id"], theirs[:15]: row["id"]}
        return known.get(record_id)

    def _user(self, record: Record) -> dict[str, Any]:
        """A member of staff; the manager is that of the department, or of the one above for whom manages it."""
        body = record.body
        place = (body.get("main_department") or [None])[0]
        above, manager = place, body["user_id"]
        while above and manager == body["user_id"]:
            department = self._store.record("DepartmentObj", above)
            told = department.body if department else {}
            manager, above = (told.get("manager_id") or [manager])[0], (told.get("parent_id") or [None])[0]
        return {
            "Id": org_id(USER, body["user_id"]), "Name": body.get("full_name"), "UserRoleId": org_id("00E", place),
            "ManagerId": org_id(USER, manager) if manager != body["user_id"] else None, "UserType": "Standard",
            "IsActive": str(body.get("status", "0")) == "0", "IsDeleted": False,
        }  # fmt: skip

    def _living(self, ours: str) -> Iterator[Record]:
        columns = "object, id, body, create_time, last_modified_time, last_modified_by, version"
        for row in self._store.rows(f"select {columns} from current where object = ?", [ours]):  # noqa: S608 - our own constant
            yield Record(**{**row, "body": orjson.loads(row["body"])})

    def _deleted(self, ours: str) -> Iterator[Record]:
        gone = "select id, max(at_ms) as at_ms, max(version) as version from journal where object = ? and op = 'delete' group by id"
        for row in self._store.rows(gone, [ours]):
            if self._store.record(ours, row["id"]) is None:
                told = self._told(ours, row["id"])
                body: dict[str, Any] = {
                    name: value for each in told for name, value in orjson.loads(each["fields"]).items()
                }
                created = int(body.get("create_time", told[0]["at_ms"]))
                yield Record(ours, row["id"], body, created, row["at_ms"], told[-1]["actor"], row["version"])

    def _told(self, ours: str, key: str) -> list[dict[str, Any]]:
        return self._store.rows(
            "select at_ms, fields, actor from journal where object = ? and id = ? order by seq", [ours, key]
        )

    def _history(self, prefix: str) -> Iterator[dict[str, Any]]:
        """One row for each change of stage, amount, probability or close date of a deal that is there; it goes with its deal."""
        living = {record.id for record in self._living("NewOpportunityObj")}
        told = self._store.rows(
            "select at_ms, id, version, fields, actor from journal where object = 'NewOpportunityObj' and op <> 'delete' order by seq",
            (),
        )
        bodies: dict[str, dict[str, Any]] = {}
        for each in (row for row in told if row["id"] in living):
            fields = orjson.loads(each["fields"])
            body = bodies[each["id"]] = bodies.get(each["id"], {}) | fields
            if any(name in fields for name in HISTORY):
                deal = org_id("006", each["id"]) or ""
                yield {
                    "Id": org_id(prefix, f"{deal[8:15]}{each['version']:05d}"), "IsDeleted": False, "CreatedDate": each["at_ms"],
                    "SystemModstamp": each["at_ms"], "OpportunityId": deal, "CreatedById": org_id(USER, each["actor"]),
                    **_deal(body), "CloseDate": _day(body.get("close_date")),
                }  # fmt: skip


def _common(record: Record, prefix: str, *, is_gone: bool) -> dict[str, Any]:
    owner = record.body.get("owner") or ["1000"]
    return {
        "Id": org_id(prefix, record.id), "IsDeleted": is_gone, "CreatedDate": record.create_time, "OwnerId": org_id(USER, owner[0]),
        "SystemModstamp": record.last_modified_time, "LastModifiedDate": record.last_modified_time,
        "LastModifiedById": org_id(USER, record.last_modified_by),
    }  # fmt: skip


def _deal(body: dict[str, Any]) -> dict[str, Any]:
    """What a deal and a row of its history have in common."""
    stage = str(body.get("sales_stage") or "")
    return {
        "StageName": CLOSED.get(stage) or STAGES.get(stage.rpartition("_")[2], stage) or None,
        "Amount": Decimal(body["amount"]) if body.get("amount") else None, MONEY: body.get("currency__c", "CNY"),
        "Probability": Decimal(body["probability"]) if body.get("probability") else None,
    }  # fmt: skip


def _opportunity(record: Record) -> dict[str, Any]:
    body, shared = record.body, _deal(record.body)
    return shared | {
        "Name": body.get("name"), "AccountId": org_id("001", body.get("account_id")),
        "RecordType.DeveloperName": body.get("sales_process_id"),
        "LastStageChangeDate": body.get("stg_changed_time"), "CloseDate": _day(body.get("close_date")),
        "ForecastCategoryName": FORECASTS.get(str(body.get("forecast_category__c"))), "LeadSource": body.get("lead_source__c"),
        "Type": "Renewal" if body.get("is_renewal__c") else "New Business", "IsClosed": shared["StageName"] in CLOSED.values(),
        "IsWon": shared["StageName"] == "Closed Won",
    }  # fmt: skip


def _account(record: Record) -> dict[str, Any]:
    body = record.body
    return {
        "Name": body.get("name"), "Industry": body.get("industry"), "AccountSource": body.get("account_source"),
        "BillingState": body.get("region__c"), "MasterRecordId": org_id("001", body.get("merged_into_id__c")),
    }  # fmt: skip


def _lead(record: Record) -> dict[str, Any]:
    body = record.body
    return {
        "Name": body.get("name"), "Company": body.get("company"), "MobilePhone": body.get("mobile"), "Status": body.get("biz_status"),
        "LeadSource": body.get("source"), "Industry": body.get("industry"), "IsConverted": bool(body.get("new_opportunity_id")),
        "ConvertedDate": _day(body.get("transformed_time__c")), "ConvertedAccountId": org_id("001", body.get("account_id")),
        "ConvertedOpportunityId": org_id("006", body.get("new_opportunity_id")),
    }  # fmt: skip


def _task(record: Record) -> dict[str, Any]:
    body = record.body
    related = (body.get("related_object_data") or [{}])[0]
    prefix = {"NewOpportunityObj": "006", "AccountObj": "001"}.get(related.get("describe_api_name"), "00Q")
    subtype = SUBTYPES.get(str(body.get("active_record_type")), "Task")
    calls = {"in": "Inbound", "out": "Outbound"}
    return {
        "WhatId": org_id(prefix, related.get("id")), "TaskSubtype": subtype, "Status": "Completed", "IsClosed": True,
        "CallType": calls.get(str(body.get("direction__c"))) if subtype == "Call" else None, "ActivityDate": _day(record.create_time),
        "CompletedDateTime": record.create_time,
    }  # fmt: skip


def _role(record: Record) -> dict[str, Any]:
    body = record.body
    return {
        "Name": body.get("name"), "DeveloperName": record.id, "ParentRoleId": org_id("00E", (body.get("parent_id") or [None])[0]),
        "PortalType": "None", "IsDeleted": False,
    }  # fmt: skip


def _score(record: Record, field: str, kind: str) -> Any:
    value = record.body.get(field.lower())
    return Decimal(str(value)) if kind == NUMBER and value is not None else value


def _day(at_ms: Any) -> str | None:
    """The day in Shanghai of an instant."""
    return None if not at_ms else datetime.fromtimestamp(int(at_ms) / 1000, UTC).astimezone(ZONE).date().isoformat()
