"""The catalogue of a system that does not describe itself: fields are those of the template and those that its records show.

In: an opened system, its template, the day up to which records are looked at. Out: a catalogue whose fields have neither label nor type. A
stream that may not be read is not there. Nothing is landed.
"""

from collections.abc import Mapping
from datetime import date
from itertools import islice
from typing import Any

from connectors.calls import RefusedError
from connectors.catalogue import LOOKED_AT, TenantField
from connectors.onboard_standard import standard_of
from connectors.sources import Source
from connectors.streams import Stream
from warehouse.clock import cutoff
from warehouse.walks import Walk

MOST_PAGES = 20  # that are looked through for LOOKED_AT records


class SampledCatalogue:
    """One system as its records show it. `told`: by stream, options as this tenant needs them."""

    def __init__(self, system: str, source: Source, as_of: date, told: Mapping[str, Mapping[str, str]]) -> None:
        self._source, self._as_of, self._told = source, as_of, told
        self._template = standard_of(system)[1]
        self._rows: dict[str, list[dict[str, Any]]] = {}

    def objects(self) -> dict[str, str]:
        """The objects of the streams that can be read; they have no labels."""
        found = {}
        for stream in self._template.streams.values():
            try:
                self._rows[stream.name] = self._read(stream)
                found[stream.object] = ""
            except RefusedError as error:
                if error.reaction != "skip":
                    raise
        return found

    def fields(self, stream: Stream, _object_name: str) -> list[TenantField]:
        """Those of the template, and what the records hold beside them."""
        shown = [name for row in self._rows.get(stream.name, []) for name in row]
        return [TenantField(name, "", "") for name in dict.fromkeys([*stream.names, *shown])]

    def sample(self, stream: Stream, _object_name: str, _names: list[str]) -> list[dict[str, Any]]:
        """The records that were looked at, whole."""
        return self._rows.get(stream.name, [])

    def options(self, stream: Stream) -> Mapping[str, str]:
        """The stream's options as this tenant needs them."""
        return self._told.get(stream.name, {})

    def close(self) -> None:
        """Close the connections."""
        self._source.close()

    def _read(self, stream: Stream) -> list[dict[str, Any]]:
        """The first records of a walk from the beginning to the end of the day."""
        asked = stream.model_copy(update={"options": {**stream.options, **self.options(stream)}})
        walk = Walk(stream.system, stream.name, self._as_of, None, cutoff(self._as_of))
        rows: list[dict[str, Any]] = []
        for page in islice(self._source.pages(asked, walk), MOST_PAGES):
            rows += [row for row in page.rows if isinstance(row, dict)]
            if len(rows) >= LOOKED_AT:
                break
        return rows[:LOOKED_AT]
