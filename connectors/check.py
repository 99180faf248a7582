"""Can every configured system be reached and read, and which streams are there?

Out: a line a stream; exit code 1 when something has to be done first, with what it is. Lands nothing.
"""

from datetime import date

from config.settings import settings
from config.systems import CREDENTIALS
from connectors.calls import RefusedError
from connectors.file_walk import check_files
from connectors.sources import Source, open_source
from connectors.streams import Stream, mapping_of, mapping_path
from warehouse.steps import StepError

REFUSED = 4


def list_streams() -> None:
    """Print every system's streams: mode, what dates a record and in which unit, look-back, what is read; connected ones first."""
    connected = settings().systems
    if "files" in connected:
        _list_files()
    for system, credential in sorted(CREDENTIALS.items(), key=lambda entry: entry[0] not in connected):
        path = mapping_path(system)
        print(
            f"{system}: {path if system in connected else f'not connected, set LANDFALL_{credential.upper()}; {path}'}"
        )
        for name, stream in mapping_of(system).streams.items():
            print(f"  {name:<20} {_described(stream)}")


def _described(stream: Stream) -> str:
    dated = f"{stream.changed.field} ({stream.changed.unit})" if stream.changed else "the day it is read for"
    minutes = settings().look_back_minutes if stream.look_back_minutes is None else stream.look_back_minutes
    back = (
        f"look-back {minutes} min"
        if stream.mode == "changed"
        else f"read again {stream.reread_days} days"
        if stream.reread_days
        else "whole"
    )
    need = "required" if stream.is_required else "optional"
    return f"{stream.object}: {stream.mode}, key {'|'.join(stream.key)}, dated by {dated}, {back}, {need}, {len(stream.fields)} fields"


def _list_files() -> None:
    from connectors.file_mapping import load_mapping

    path = settings().mapping
    print(f"files: {path}")
    for kind, parts in load_mapping(path).streams.items() if path else ():
        for part in parts:
            print(f"  {kind:<20} {part.file}: whole files, {', '.join(part.fields)}")


def check(only: str | None = None, as_of: date | None = None) -> int:
    """Reach every configured system (or `only` one) once; with a day to look at, say which way each behaves where its documents leave it
    open. Returns 1 when something has to be done before a night can run."""
    faults: list[str] = []
    for system in [only] if only else settings().systems:
        faults += check_files() if system == "files" else _check_system(system, as_of)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def check_credentials(system: str) -> int:
    """Whether a system takes our credentials: 0 it does, 4 it refuses them. Raises StepError where it could not be asked."""
    source = open_source(system)
    try:
        source.calls.sign_in()
        source.faults(
            next(iter(mapping_of(system).streams.values()))
        )  # where there is no sign-in, the first question tells
    except RefusedError as error:
        if error.reaction in ("stop", "refresh"):
            print(error)
            return REFUSED
        if error.reaction != "skip":
            raise
    finally:
        source.close()
    return 0


def check_update(record_id: str) -> int:
    """Try on a deal of Fxiaoke that was made for it what an update does to fields that it does not name; the deal is left as it was."""
    from connectors.fxiaoke import source as fxiaoke
    from connectors.fxiaoke_ways import try_update

    crm = fxiaoke()
    try:
        for told in try_update(crm, record_id):
            print(f"fxiaoke: {told}")
    finally:
        crm.close()
    return 0


def _tell_ways(system: str, source: Source, as_of: date) -> None:
    from connectors.ways import ways

    try:
        for told in ways(system, source, as_of):
            print(f"{system}: {told}")
    except StepError as error:
        print(f"{system}: how it behaves where its documents leave it open could not be seen: {error}")


def _check_system(system: str, as_of: date | None) -> list[str]:
    faults: list[str] = []
    try:
        source = open_source(system)
    except StepError as error:
        return [str(error)]
    try:
        source.calls.sign_in()
        for name, stream in mapping_of(system).streams.items():
            try:
                found = source.faults(stream)
                faults += found
                print(f"{system} {name}: {'cannot be read as mapped' if found else 'can be read'}")
            except RefusedError as error:
                if error.reaction != "skip":
                    raise
                faults.append(str(error))
        if as_of and not faults:
            _tell_ways(system, source, as_of)
    except StepError as error:
        faults.append(str(error))
    finally:
        source.close()
    return faults
