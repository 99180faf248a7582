"""What Superset's own pages lack: a viewport for phones, and words where a chart has no rows.

The viewport is set for the phones' dashboards alone (`…-mobile`): the others would show a desk's grid on a phone's width.
"""

from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, FileSystemLoader

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
    from flask import jsonify, request
    from superset.translations.utils import get_language_pack

    app.jinja_loader = ChoiceLoader([FileSystemLoader(TEMPLATES), app.jinja_loader])
    pack = get_language_pack("zh") or {}
    pack["locale_data"]["superset"] |= {said: [ours] for said, ours in NOTHING.items()}

    @app.before_request  # type: ignore[untyped-decorator] # Flask has no types here
    def chinese() -> Any:
        """Superset would send its file from the disk."""
        return jsonify(pack) if request.path == "/superset/language_pack/zh/" else None
