"""Who people are in each channel: the tenant's own file, person of the organisation → ids, mail address, phone.

In: the YAML that LANDFALL_NOTIFY_CONTACTS names. Out: one contact a person; somebody whom it does not name has no id but their own. Phones
come from nowhere else and are never logged.
"""

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from config.settings import settings
from warehouse.steps import StepError


class Contact(BaseModel):
    """One person; "" where a channel does not know them. `fxiaoke` is the CRM's id of a user."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    person_id: str
    fxiaoke: str = ""
    wecom: str = ""
    dingtalk: str = ""
    feishu: str = ""
    mail: str = ""
    phone: str = ""


@cache
def _read(path: Path) -> dict[str, Contact]:
    try:
        given = yaml.safe_load(path.read_text("utf-8")) or {}
        return {
            str(person): Contact(**{"fxiaoke": str(person), **ids, "person_id": str(person)})
            for person, ids in given.items()
        }
    except (OSError, yaml.YAMLError, TypeError, AttributeError, ValidationError) as error:
        raise StepError(
            f"{path} is no list of contacts ({type(error).__name__}): write person: {{wecom: id, mail: address, …}}, then rerun"
        ) from None


def contact_of(person_id: str) -> Contact:
    """The person as the tenant's file knows them. Raises StepError when the file cannot be read."""
    path = settings().notify_contacts
    known = _read(path) if path else {}
    return known.get(person_id) or Contact(person_id=person_id, fxiaoke=person_id)
