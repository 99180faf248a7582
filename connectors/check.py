"""Can every configured system be reached and read, and which streams are there?

Out: a line a stream; exit code 1 when something has to be done first, with what it is. Lands nothing.
"""

from config.settings import settings
from connectors.file_walk import check_files
from connectors.fxiaoke import Fxiaoke
from connectors.fxiaoke_codes import RefusedError
from connectors.streams import crm_mapping, mapping_path
from warehouse.steps import StepError


def list_streams() -> None:
    """Print the tenant's streams with what they read."""
    if settings().mapping:
        from connectors.file_mapping import load_mapping

        path = settings().mapping
        for kind, file in load_mapping(path).streams.items() if path else ():
            print(f"files {kind}: {file.file} ({', '.join(file.fields)})")
        return
    print(f"mapping: {mapping_path()}")
    for name, stream in crm_mapping().streams.items():
        print(f"fxiaoke {name}: {stream.object} ({', '.join(stream.fields)})")


def check() -> int:
    """Reach every configured system once. Returns 1 when something has to be done before a night can run."""
    faults = check_files() if settings().mapping else _check_crm()
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def _check_crm() -> list[str]:
    mapping, faults = crm_mapping(), []
    crm = Fxiaoke()
    try:
        crm.sign_in()
        for name, stream in mapping.streams.items():
            try:
                known = crm.describe(stream.object)
                missing = [field for field in stream.fields if field not in known]
                if stream.object == mapping.write_back.object and settings().writeback == "fxiaoke":
                    missing += [
                        target.field for target in mapping.write_back.fields.values() if target.field not in known
                    ]
                faults += [
                    f"{stream.object} has no field {field}: add it in the CRM or correct {mapping_path()}"
                    for field in missing
                ]
                crm.query(stream.object, [], ["_id"], limit=1)
                print(f"fxiaoke {name}: can be read")
            except RefusedError as error:
                if error.reaction != "skip":
                    raise
                faults.append(str(error))
    except StepError as error:
        faults.append(str(error))
    finally:
        crm.close()
    return faults
