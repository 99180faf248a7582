"""How the pages look beyond Superset's theme: captions, rows of large numbers, and a phone's page without menus.

In: a page's description and the language, since a chart is found by its title. Out: the style sheet that its dashboard carries.
"""

from bi.book import Page


def style(page: Page, lang: str, *, is_phone: bool) -> str:
    """The style sheet of a page or of its twin for a phone."""
    numbers = [
        f'[data-test-chart-name="{chart.title.in_(lang)}"]' for chart in page.charts.values() if chart.kind == "numbers"
    ]
    sized = _NUMBERS.replace("SIZE", "22px" if is_phone else "30px")
    return _CSS + "".join(sized.replace("CHART", chart) for chart in numbers) + _PHONE * is_phone


_CSS = """
.dashboard-markdown { padding: 0 16px !important; }
.dashboard-markdown p { font-size: 12px; line-height: 1.35; color: #6b6b6b; margin: 0; }
.dashboard-component-chart-holder { box-shadow: none; }
.search-select-container { display: none !important; }
"""  # the last: Superset shows a box for searching in columns by their English names, asked for or not, over a list that comes page by page
_NUMBERS = """
CHART table { border: 0; }
CHART th { font-size: 13px; font-weight: 400; color: #6b6b6b; text-align: left !important; border: 0 !important; }
CHART th svg { display: none; }
CHART td { font-size: SIZE; font-weight: 600; white-space: nowrap !important; }
CHART td { text-align: left !important; border: 0 !important; padding-top: 0 !important; }
"""
_PHONE = """
#main-menu, header.top { display: none; }
.dashboard-content { padding: 0 !important; }
"""
