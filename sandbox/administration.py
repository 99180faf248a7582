"""What a tenant's administrator decided about its CRM: which dialect it speaks, which fields were created for scores, who logs nothing.

In: a company's file. Out: the answers; `create_fields` is the administrator at work with the list that onboarding wrote.
"""

import csv
from pathlib import Path
from typing import Any

import orjson

from sandbox.dialect import PROCESS, STAGE, Dialect, ObjectWords, dialect
from sandbox.life import CompanyError
from sandbox.objects import SELECT
from sandbox.salesforce_schema import WRITABLE
from sandbox.store import Store

TEAMS = 5


def dialect_of(store: Store) -> Dialect:
    """The dialect that the company's CRM speaks."""
    return dialect(store.state("dialect", "standard"))


def created_fields(store: Store) -> set[tuple[str, str]]:
    """The score fields that were created, as (object, field) by the company's names, in Salesforce by the org's."""
    return {(own, field) for own, field in orjson.loads(store.state("created_fields", "[]"))}


def exists(store: Store, words: Dialect, found: ObjectWords, own: str) -> bool:
    """Whether the CRM has the field: score fields are there from the start in the standard dialect, elsewhere once created."""
    return words.name == "standard" or not own.startswith("lf_") or (found.own, own) in created_fields(store)


def create_fields(store: Store, path: Path) -> int:
    """Create the fields that the file lists (object, field, …). Returns how many are new; raises CompanyError for one it cannot have."""
    words, known = dialect_of(store), created_fields(store)
    with path.open(encoding="utf-8-sig", newline="") as file:
        asked = [(row["object"], words.named(row["object"]), row["field"]) for row in csv.DictReader(file)]
    wanted: set[tuple[str, str]] = set()
    for of, found, name in asked:
        if name in WRITABLE.get(of, {}):
            wanted.add((of, name))
            continue
        if found is None or not name.startswith("lf_") or name not in found.fields:
            raise CompanyError(f"{path}: the sandbox's CRM keeps no field {name}: list those that onboarding named")
        wanted.add((found.own, name))
    with store.transaction():
        store.put_state("created_fields", orjson.dumps(sorted(known | wanted)).decode())
    return len(wanted - known)


def silent_people(store: Store, words: Dialect) -> list[str]:
    """The people whose first team logs no activity."""
    rows = store.rows(
        "select id, fields ->> '$.main_department[0]' as team from journal where object = 'PersonnelObj' and op = 'create'",
        (),
    )
    teams = sorted({row["id"] for row in store.rows(
        "select distinct id from journal where object = 'DepartmentObj' and op = 'create' and fields ->> 'dept_kind__c' = 'team'", ()
    )})  # fmt: skip
    silent = {team for number, team in enumerate(teams) if number % TEAMS in words.silent_teams}
    return sorted(row["id"] for row in rows if row["team"] in silent)


def listed(words: Dialect) -> dict[str, Any]:
    """The answer of `object/list`."""
    named = [(found.name, found.label) for found in words.objects.values()]
    return {
        "objects": [{"describeApiName": name, "describeDisplayName": label, "isActive": True} for name, label in named]
    }


def described(store: Store, words: Dialect, found: ObjectWords) -> dict[str, Any]:
    """The answer of `object/describe`: each field with label, type and options; a process's option names its stages."""
    fields = [each for own, each in found.fields.items() if exists(store, words, found, own)]
    shown: dict[str, Any] = {}
    for each in [*fields, *found.unused.values()]:
        shown[each.name] = {"api_name": each.name, "label": each.label, "type": each.type, "is_active": True}
        if each.type == SELECT:
            shown[each.name]["options"] = [{"value": value, "label": label} for value, label in each.options.values()]
    if PROCESS in found.fields:
        stage = found.fields[STAGE].name
        options = shown[found.fields[PROCESS].name]["options"]
        for option, process in zip(options, words.processes.values(), strict=True):
            option["child_options"] = [{stage: [value for value, _, _ in process.stages]}]
    return {"describe": {"api_name": found.name, "display_name": found.label, "fields": shown}}
