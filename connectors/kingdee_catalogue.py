"""What a tenant's ERP is made of, as far as it tells: the forms of the template that the user may query, and each form's fields.

`QueryBusinessInfo` names a form's fields, with a label where the server shows one, but no list of forms. What is asked of a linked record
(`FCustId.FNumber`) is taken from the template, under the spelling that the form has. In: an opened ERP. Out: the catalogue that
onboarding proposes a mapping from. Nothing is landed.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from connectors.calls import RefusedError
from connectors.catalogue import LOOKED_AT, TenantField, one_line
from connectors.kingdee import Kingdee
from connectors.onboard_standard import standard_of
from connectors.streams import Stream

MOST_FIELDS = 60  # of one query
ADDED = "F_"  # how the names of fields begin that a tenant added


def catalogue(_as_of: date) -> "KingdeeCatalogue":
    """The tenant's ERP."""
    return KingdeeCatalogue(Kingdee())


class KingdeeCatalogue:
    """One tenant's ERP as its forms describe themselves."""

    def __init__(self, erp: Kingdee) -> None:
        self._erp = erp
        self._forms: dict[str, Mapping[str, Any]] = {}

    def objects(self) -> dict[str, str]:
        """The template's forms that the server describes → their names; one that is refused is not there."""
        for stream in standard_of("kingdee")[1].streams.values():
            try:
                self._forms[stream.object] = self._erp.described(stream.object)
            except RefusedError as error:
                if error.reaction != "skip":
                    raise
        return {form: _label(said) for form, said in self._forms.items()}

    def fields(self, stream: Stream, object_name: str) -> list[TenantField]:
        """Of the form's fields those of the template, under the form's spelling, and those that the tenant added."""
        linked: dict[str, list[str]] = {}
        for base, dot, inner in (name.partition(".") for name in stream.fields):
            linked.setdefault(base.lower(), []).append(f"{dot}{inner}")
        return [
            TenantField(f"{name}{inner}", label, "")
            for name, label in _named(self._forms[object_name])
            for inner in linked.get(name.lower(), [""] if name.startswith(ADDED) else [])
        ]

    def sample(self, stream: Stream, object_name: str, names: list[str]) -> list[dict[str, Any]]:
        """The bills that were made last: those of the greatest ids."""
        rows: dict[str, dict[str, Any]] = {}
        for start in range(0, len(names), MOST_FIELDS):
            asked = list(dict.fromkeys([*stream.key, *names[start : start + MOST_FIELDS]]))
            filters = list(filter(None, [stream.options.get("filter", "")]))
            found = self._erp.query(
                object_name, asked, filters, order=stream.key, limit=LOOKED_AT, is_newest_first=True
            )
            for row in (each for each in found if isinstance(each, dict)):
                rows.setdefault("|".join(str(row[name]) for name in stream.key), {}).update(row)
        return list(rows.values())

    def options(self, _stream: Stream) -> Mapping[str, str]:
        """The template's are right: no form of its own needs others."""
        return {}

    def close(self) -> None:
        """Close the connections."""
        self._erp.close()


def _named(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each field with its label, "" where the server shows none."""
    for entry in said.get("Entrys") or []:
        for field in entry.get("Fields") or []:
            yield str(field.get("Key")), _label(field)


def _label(said: Mapping[str, Any]) -> str:
    """A name in the first language that the server shows; it may be one text or one a language."""
    name = said.get("Name")
    if isinstance(name, list):
        name = next((each.get("Value") for each in name if isinstance(each, dict)), "")
    return one_line(name)
