"""What the org's administrator set up: objects with the prefix of their ids, fields with their kinds, what the integration's user may edit.

Kinds are id, text, number, boolean, date (text), datetime (epoch milliseconds until it is sent).
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

OBJECTS = {  # object → prefix of its ids, the company's object
    "Account": ("001", "AccountObj"),
    "Opportunity": ("006", "NewOpportunityObj"),
    "OpportunityHistory": ("008", "NewOpportunityObj"),
    "Lead": ("00Q", "LeadsObj"),
    "Task": ("00T", "ActiveRecordObj"),
    "User": ("005", "PersonnelObj"),
    "UserRole": ("00E", "DepartmentObj"),
}
USER, OUR_USER = "005", "1000"  # prefix of users' ids; the integration's own
MONEY = "CurrencyIsoCode"  # a field that orgs of one currency do not have
TEXT, NUMBER, FLAG, DATE, INSTANT = "text", "number", "boolean", "date", "datetime"
DATED = {"Id": "id", "IsDeleted": FLAG, "CreatedDate": INSTANT, "SystemModstamp": INSTANT}
COMMON = DATED | {"OwnerId": "id", "LastModifiedDate": INSTANT, "LastModifiedById": "id"}
CHANGED = {
    "Id": "id",
    "SystemModstamp": INSTANT,
    "LastModifiedDate": INSTANT,
    "LastModifiedById": "id",
}  # of what has no recycle bin
LF = {
    "LF_Band__c": TEXT,
    "LF_Reasons__c": TEXT,
    "LF_Scored_At__c": INSTANT,
    "LF_Model_Version__c": TEXT,
    "LF_Link__c": TEXT,
}
WRITABLE = {  # what the integration's user may edit, by field-level security
    "Opportunity": LF
    | {"LF_P_Win_By_Period_End__c": NUMBER, "LF_P_Win_Ever__c": NUMBER, "LF_Expected_Close_Week__c": DATE},
    "Lead": LF | {"LF_P_Convert_90d__c": NUMBER},
}
FIELDS: dict[str, dict[str, str]] = {
    "Account": COMMON | {"Name": TEXT, "Industry": TEXT, "AccountSource": TEXT, "BillingState": TEXT, "MasterRecordId": "id"},
    "Opportunity": COMMON
    | WRITABLE["Opportunity"]
    | {
        "Name": TEXT, "AccountId": "id", "RecordType.DeveloperName": TEXT, "StageName": TEXT, "LastStageChangeDate": INSTANT,
        "Amount": NUMBER, MONEY: TEXT, "Probability": NUMBER, "CloseDate": DATE, "ForecastCategoryName": TEXT, "LeadSource": TEXT,
        "Type": TEXT, "IsClosed": FLAG, "IsWon": FLAG,
    },
    "OpportunityHistory": DATED
    | {
        "OpportunityId": "id", "CreatedById": "id", "StageName": TEXT, "Amount": NUMBER, MONEY: TEXT, "Probability": NUMBER,
        "CloseDate": DATE,
    },
    "Lead": COMMON
    | WRITABLE["Lead"]
    | {
        "Name": TEXT, "Company": TEXT, "MobilePhone": TEXT, "Status": TEXT, "LeadSource": TEXT, "Industry": TEXT, "IsConverted": FLAG,
        "ConvertedDate": DATE, "ConvertedAccountId": "id", "ConvertedOpportunityId": "id", "MasterRecordId": "id",
    },
    "Task": COMMON
    | {
        "WhatId": "id", "TaskSubtype": TEXT, "CallType": TEXT, "Status": TEXT, "IsClosed": FLAG, "ActivityDate": DATE,
        "CompletedDateTime": INSTANT,
    },
    "User": CHANGED
    | {"CreatedDate": INSTANT, "Name": TEXT, "UserRoleId": "id", "ManagerId": "id", "UserType": TEXT, "IsActive": FLAG},
    "UserRole": CHANGED | {"Name": TEXT, "DeveloperName": TEXT, "ParentRoleId": "id", "PortalType": TEXT},
}  # fmt: skip


def org_id(prefix: str, key: object) -> str | None:
    """The company's id as a Salesforce id of 18 characters, the last three of them telling which letters are capital."""
    if not key:
        return None
    text = re.sub(r"[^0-9A-Za-z]", "", str(key))
    if len(text) == 18 and text.startswith(prefix):
        return text
    body = prefix + text[-12:].rjust(12, "0")
    parts = [body[at : at + 5] for at in (0, 5, 10)]
    sums = [sum(1 << place for place, letter in enumerate(part) if letter.isupper()) for part in parts]
    return body + "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[number] for number in sums)


def wire(kind: str, value: Any) -> Any:
    """A value as JSON carries it: instants in UTC with an offset, numbers as doubles."""
    if kind == INSTANT and value is not None:
        return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")
    return float(value) if isinstance(value, Decimal) else value
