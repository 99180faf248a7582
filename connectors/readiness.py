"""The command `readiness`: does this company's system need an upgrade? Five symptoms measured on a folder of exports, one page.

In: a folder of exports as `onboard files` reads them; nothing is landed and no database is needed. Out: `readiness.html` and
`readiness.txt` in the tenant's folder of outputs (or `--out`), and the text on the screen.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from config.settings import settings
from connectors.exports import exports
from connectors.onboard import chosen_fields
from connectors.onboard_exports import deal_files
from connectors.readiness_deals import deals_of, last_day
from connectors.readiness_months import deviation, rule
from connectors.readiness_page import Report, html, text
from connectors.readiness_symptoms import definitions, errors, lag, manual
from warehouse.steps import StepError


def readiness(folder: Path | None, out: Path | None, as_of: date | None, chosen: Sequence[str]) -> Report:
    """Measure `folder` and write the page. `as_of`: the day of the export; without it, the last day that anything happened on in it.

    Raises StepError when no file is one of deals, or no row tells a day.
    """
    folder = folder or settings().input_dir
    if folder is None:
        raise StepError("no folder of exports is given: add --input FOLDER")
    report = measured(folder, as_of, chosen)
    place = out or settings().home / "outputs" / settings().tenant
    place.mkdir(parents=True, exist_ok=True)
    lang = settings().lang
    (place / "readiness.html").write_text(html(report, lang), "utf-8")
    (place / "readiness.txt").write_text(text(report, lang), "utf-8")
    print(text(report, lang))
    print(f"wrote {place / 'readiness.html'}")
    return report


def measured(folder: Path, as_of: date | None, chosen: Sequence[str]) -> Report:
    """The report of a folder."""
    files = exports(folder)
    found = deal_files(files, chosen_fields(chosen))
    zone = ZoneInfo(settings().time_zone)
    by_file = [deals_of(each, zone) for each in found]
    deals = [deal for each in by_file for deal in each]
    day = as_of or last_day(deals)
    if day is None:
        raise StepError(
            "no row tells a day that can be read: give the day of the export with --as-of, or correct the dates"
        )
    main = by_file[0]  # months and closed deals are counted once, though a second list repeats them
    symptoms = [
        manual(deals),
        lag(deals, day),
        errors(deals, found, day),
        definitions(deals),
        deviation(main, files, day),
    ]
    won, lost = (len({deal.id for deal in main if deal.code == code and deal.id}) for code in ("WON", "LOST"))
    return Report([each.export.path.name for each in found], len(deals), day, symptoms, won, lost, rule(main, day))
