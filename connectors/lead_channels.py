"""Which lists of leads a tenant's people drop, and which column is what: `config/tenants/<tenant>/lead_channels.yml`.

In: that YAML. Out: channels by name, each with the files that are its own and its columns. A new list is a few lines there and no code.
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import Field, ValidationError

from connectors.file_mapping import STANDARD, FileStream, Strict
from connectors.file_rows import RowError
from connectors.streams import mapping_path
from warehouse.steps import StepError

PHONE = re.compile(r"\d{7,15}")
MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
SEPARATORS = re.compile(r"[\s()（）.\-]")
CHINA = re.compile(r"(\+|00)?86(?=1\d{10}$)")  # the country before a mobile number


class Channels(Strict):
    """The whole file. A channel's `file` is a pattern; several files may fit it."""

    channels: dict[str, FileStream] = Field(min_length=1)


def channels() -> dict[str, FileStream]:
    """The tenant's channels by name. Raises StepError naming file and entry when it is not as it should be."""
    path = mapping_path("lead_channels")
    try:
        found = Channels.model_validate(yaml.safe_load(path.read_text("utf-8"))).channels
    except (OSError, yaml.YAMLError) as error:
        raise StepError(f"{path} is not a list of channels ({type(error).__name__}): correct it, then rerun") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise StepError(f"{path}: entry {where}: {first['msg']}: correct it, then rerun") from error
    for name, channel in found.items():
        given = channel.fields.keys() | channel.constants.keys()
        wrong = [f"{field} is no standard field of a lead" for field in sorted(given - STANDARD["leads"].keys())]
        wrong += [] if {"phone", "mail"} & given else ["a lead is reached by phone or mail: map one of them"]
        if wrong:
            raise StepError(f"{path}: channel {name}: {wrong[0]}: correct it, then rerun")
    return found


def reachable(record: dict[str, Any], called: Mapping[str, str]) -> dict[str, Any]:
    """The record with its phone in plain digits. Raises RowError when it reaches nobody; `called`: fields as people know them."""
    told = dict(record)
    if "phone" in told:
        told["phone"] = CHINA.sub("", SEPARATORS.sub("", told["phone"])).removeprefix("+")
        if not PHONE.fullmatch(told["phone"]):
            raise RowError(f"{called['phone']} is not a phone number")
    if "mail" in told and not MAIL.fullmatch(told["mail"]):
        raise RowError(f"{called['mail']} is not a mail address")
    if "phone" not in told and "mail" not in told:
        names = [called[field] for field in ("phone", "mail") if field in called]
        raise RowError(f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} empty")
    return told
