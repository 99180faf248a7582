"""What Superset's own pages lack: a viewport for phones, words where a chart has no rows, and an address for each deal.

The viewport is set for the phones' dashboards alone (`…-mobile`): the others would show a desk's grid on a phone's width. What the CRM and
alerts link to, `/opportunities/<id>`, is P3 with that deal chosen, on a phone its twin.
"""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import ChoiceLoader, FileSystemLoader

ID = re.compile(r"^[\w.-]{1,64}$")  # ids of CRMs; what else is asked for is no deal
CHOSEN = (
    "(NATIVE_FILTER-deal:(__cache:(label:'{id}',value:!('{id}')),"
    "extraFormData:(filters:!((col:opportunity_id,op:IN,val:!('{id}')))),filterState:(label:'{id}',value:!('{id}')),"
    "id:NATIVE_FILTER-deal,ownState:()))"
)
TEMPLATES = Path(__file__).parent / "templates"
NOTHING = {  # what Superset says in Chinese where a query has no rows; its English is good as it is
    "No results were returned for this query": "这里还没有数据",
    "There is currently no information to display.": "看图下的说明，检查筛选；刚发布的话，等一分钟再刷新",
    "The type of visualization to display": "图表类型",
    "No results were returned for this query. If you expected results to be returned, ensure any filters are configured properly"
    " and the datasource contains data for the selected time range.": "这里还没有数据：看图下的说明，检查筛选；刚发布的话，等一分钟再刷新",
}


def prepare(app: Any) -> None:
    """Put our template before Superset's, and our words into its Chinese."""
    from flask import abort, jsonify, redirect, request
    from superset.translations.utils import get_language_pack

    app.jinja_loader = ChoiceLoader([FileSystemLoader(TEMPLATES), app.jinja_loader])
    pack = get_language_pack("zh") or {}
    pack["locale_data"]["superset"] |= {said: [ours] for said, ours in NOTHING.items()}

    @app.before_request  # type: ignore[untyped-decorator] # Flask has no types here
    def chinese() -> Any:
        """Superset would send its file from the disk."""
        return jsonify(pack) if request.path == "/superset/language_pack/zh/" else None

    @app.route("/opportunities/<deal>")  # type: ignore[untyped-decorator]
    def opportunity(deal: str) -> Any:
        """The page of a deal; who is not signed in is asked to, and sees the own rows only."""
        if not ID.match(deal):
            abort(404)
        return redirect(address_of(deal, is_phone="Mobile" in request.headers.get("User-Agent", "")))

    @app.route("/opportunities/<deal>/crm")  # type: ignore[untyped-decorator]
    def record(deal: str) -> Any:
        """The CRM's own record of a deal, where the tenant named its address."""
        pattern = app.config["LANDFALL"]["crm_record_url"]
        if not pattern or not ID.match(deal):
            abort(404)
        return redirect(pattern.replace("{id}", deal))


def address_of(deal: str, *, is_phone: bool) -> str:
    """Where a deal is shown: P3 with its filter set to the deal."""
    return f"/superset/dashboard/{'p3-mobile' if is_phone else 'p3'}/?" + urlencode(
        {"native_filters": CHOSEN.format(id=deal)}
    )
