"""What Superset's own pages lack: a viewport for phones, words where a chart has no rows, addresses of deals, lineage, access audit.

The viewport is set for the phones' dashboards alone (`…-mobile`): the others would show a desk's grid on a phone's width. What the CRM and
alerts link to, `/opportunities/<id>`, is P3 with that deal chosen, on a phone its twin.
"""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import ChoiceLoader, FileSystemLoader

from bi.server import access, lineage
from bi.server.words import WORDS

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

    app.add_url_rule("/lineage/", "landfall_lineage", _lineage, defaults={"model": "", "column": ""})
    app.add_url_rule("/lineage/<model>", "landfall_model", _lineage, defaults={"column": ""})
    app.add_url_rule("/lineage/<model>/<column>", "landfall_column", _lineage)
    app.add_url_rule("/access/", "landfall_access", _access)


def _lineage(model: str, column: str) -> Any:
    """The drawing of a model or a column, or all models; names alone, for anybody who is signed in."""
    from flask import abort, current_app, g, redirect, render_template

    if g.user.is_anonymous:
        return redirect(f"/login/?next=/lineage/{model}")
    kept = lineage.read(Path(current_app.config["HOME"]) / "lineage.json")
    known = lineage.models(kept) if kept else []
    if kept and model and (model not in known or (column and column not in lineage.columns(kept, model))):
        abort(404)
    name = ".".join(filter(None, [model, column]))
    return render_template(
        "landfall_lineage.html", **_said("lineage"), models=known, name=name, model=model,
        drawing=lineage.draw(kept, name) if kept and name else None, columns=lineage.columns(kept, model) if kept and model else [],
    )  # fmt: skip


def _access() -> Any:
    """The access audit, for accounts that see the whole organisation."""
    from flask import current_app, g, redirect, render_template

    if g.user.is_anonymous:
        return redirect("/login/?next=/access/")
    told = current_app.config["LANDFALL"]
    found = access.audit(told) if access.may_audit(told, g.user.username) else None
    return render_template("landfall_access.html", **_said("audit"), audit=found), 200 if found else 403


def _said(title: str) -> dict[str, Any]:
    from flask import current_app

    lang = current_app.config["LANDFALL"]["lang"]
    return {"words": WORDS[lang], "lang": lang, "title": WORDS[lang][title]}


def address_of(deal: str, *, is_phone: bool) -> str:
    """Where a deal is shown: P3 with its filter set to the deal."""
    return f"/superset/dashboard/{'p3-mobile' if is_phone else 'p3'}/?" + urlencode(
        {"native_filters": CHOSEN.format(id=deal)}
    )
