"""What Superset's chart types are given: one function per kind of chart that the descriptions name.

In: a chart's description, its dataset and the language. Out: the form data of a Superset chart.
"""

from collections.abc import Callable
from typing import Any

from bi.book import Book, Chart, Dataset, Metric

BLUE, GREY, RED = "#2F6DB5", "#8C8C8C", "#C8453B"
FORMATS = {
    ("money", "zh"): ",.1f", ("money", "en"): ",.3f", ("count", "zh"): ",d", ("count", "en"): ",d",
    ("rate", "zh"): ".1%", ("rate", "en"): ".1%", ("times", "zh"): ".1f", ("times", "en"): ".1f",
    ("days", "zh"): ",d", ("days", "en"): ",d", ("text", "zh"): "", ("text", "en"): "",
}  # fmt: skip
MOST_ROWS = 50_000  # of a list that comes page by page, and of the file that it is downloaded as
Params = dict[str, Any]


def format_of(metric: Metric, lang: str) -> str:
    """How a metric's numbers look (d3)."""
    return FORMATS[metric.unit, lang]


def metric_key(dataset: Dataset, name: str, lang: str) -> str:
    """What Superset calls the metric `name`: a band is drawn from series whose names end in __yhat and its likes."""
    if name in dataset.orders:
        return name
    series = dataset.metrics[name].series
    return series.in_(lang) if series else name


def params(book: Book, chart: Chart, lang: str) -> Params:
    """The form data of a chart, without dataset and id."""
    dataset = book.datasets[chart.dataset]
    made = _KINDS[chart.kind](dataset, dict(chart.given), lang)
    filters = [_where(condition, index) for index, condition in enumerate(chart.given.get("where", []))]
    return {"adhoc_filters": filters, "extra_form_data": {}, "color_scheme": "supersetColors", "row_limit": 1000} | made


def _where(condition: str, index: int) -> Params:
    """A condition in SQL on the dataset's rows."""
    return {
        "clause": "WHERE",
        "expressionType": "SQL",
        "sqlExpression": condition,
        "filterOptionName": f"filter_{index}",
    }


def _metrics(dataset: Dataset, given: Params, lang: str) -> list[str]:
    return [metric_key(dataset, name, lang) for name in given["metrics"]]


def _first_format(dataset: Dataset, given: Params, lang: str) -> str:
    first = dataset.metrics.get(given["metrics"][0])
    return format_of(first, lang) if first else ",d"


def _number(dataset: Dataset, given: Params, lang: str) -> Params:
    """One large number."""
    return {
        "viz_type": "big_number_total", "metric": _metrics(dataset, given, lang)[0], "y_axis_format": _first_format(dataset, given, lang),
        "header_font_size": given.get("size", 0.6), "subheader_font_size": 0.15, "metric_name_font_size": 0.15,
    }  # fmt: skip


def _numbers(dataset: Dataset, given: Params, lang: str) -> Params:
    """Large numbers side by side, of one query: a table of one row, made large by the page's style."""
    return _table(dataset, given | {"groupby": []}, lang)


def _line(dataset: Dataset, given: Params, lang: str) -> Params:
    """Lines by day; a band where series are named for one."""
    return {
        "viz_type": "echarts_timeseries_line", "x_axis": dataset.day or given["x"], "time_grain_sqla": "P1D",
        "metrics": _metrics(dataset, given, lang), "groupby": given.get("groupby", []), "limit": given.get("series_limit"),
        "timeseries_limit_metric": given.get("order"), "order_desc": True,
        "y_axis_format": _first_format(dataset, given, lang),
        "x_axis_time_format": "%m-%d",
        "rich_tooltip": True, "tooltipTimeFormat": "%Y-%m-%d", "show_legend": True, "legendOrientation": "top",
        "legendType": "plain", "seriesType": "line", "opacity": 0.15, "connectNulls": False, "truncateXAxis": True,
        "markerEnabled": given.get("dots", False), "xAxisLabelRotation": 0, "row_limit": 10000,
    }  # fmt: skip


def _bars(dataset: Dataset, given: Params, lang: str) -> Params:
    """Bars by the values of a column, each in its own colour where `groupby` names the same column."""
    return {
        "viz_type": "echarts_timeseries_bar", "x_axis": given["x"], "xAxisForceCategorical": True, "x_axis_sort": given["x"],
        "x_axis_sort_asc": True, "metrics": _metrics(dataset, given, lang), "groupby": given.get("groupby", []),
        "stack": given.get("stack"),
        "orientation": given.get("orientation", "vertical"), "y_axis_format": _first_format(dataset, given, lang),
        "show_value": given.get("show_value", True), "show_legend": given.get("legend", False), "legendOrientation": "top",
        "legendType": "plain", "rich_tooltip": True, "only_total": True, "truncateXAxis": True, "xAxisLabelRotation": 0,
    }  # fmt: skip


def _waterfall(dataset: Dataset, given: Params, lang: str) -> Params:
    """Steps that add up, with their total at the end."""
    return {
        "viz_type": "waterfall", "x_axis": given["x"], "groupby": [], "metric": _metrics(dataset, given, lang)[0], "show_value": True,
        "show_legend": False, "increase_color": _rgb(given.get("up", BLUE)), "decrease_color": _rgb(given.get("down", RED)),
        "total_color": _rgb(GREY), "y_axis_format": _first_format(dataset, given, lang), "x_ticks_layout": "staggered",
        "show_total": given.get("total", True), "total_label": given.get("total_label", {}).get(lang),
    }  # fmt: skip


def _table(dataset: Dataset, given: Params, lang: str) -> Params:
    """A table: rows as they are (`columns`), or one row per value of `groupby` and of `each`, which is not shown, with metrics.

    `from_server` asks for a page at a time, sorted there. No totals: Superset downloads such a table as two files and adds chances up.
    """
    is_grouped = "groupby" in given
    each = [given["each"]] if "each" in given else []
    formats = {
        metric_key(dataset, name, lang): {"d3NumberFormat": format_of(dataset.metrics[name], lang)}
        for name in given.get("metrics", [])
    }
    made: Params = {
        "viz_type": "table", "query_mode": "aggregate" if is_grouped else "raw",
        "all_columns": [_twin(column, lang) for column in given.get("columns", [])],
        "groupby": each + given.get("groupby", []), "metrics": _metrics(dataset, given, lang) if is_grouped else [],
        "row_limit": given.get("limit", 1000), "page_length": given.get("page", 0), "order_desc": True, "include_search": False,
        "show_cell_bars": given.get("bars", False), "color_pn": False, "align_pn": False, "allow_rearrange_columns": False,
        "column_config": formats | {column: {"visible": False} for column in each}, "conditional_formatting": given.get("heat", []),
        "table_timestamp_format": "%Y-%m-%d", "allow_render_html": False,
    }  # fmt: skip
    if given.get("from_server"):
        made |= {"server_pagination": True, "server_page_length": given["page"], "row_limit": MOST_ROWS}
    if "order" in given:
        if is_grouped:
            made["timeseries_limit_metric"] = metric_key(dataset, given["order"], lang)
        else:
            made["order_by_cols"] = given["order"]
    return made


def _band(dataset: Dataset, given: Params, lang: str) -> Params:
    """Lines over the values of a column, with a band where series are named for one."""
    made = _line(dataset, given | {"x": given["x"]}, lang)
    return made | {"x_axis": given["x"], "xAxisForceCategorical": True, "x_axis_sort": given["x"], "x_axis_sort_asc": True,
                   "time_grain_sqla": None, "markerEnabled": given.get("dots", True), "markerSize": 8}  # fmt: skip


def _heat(dataset: Dataset, given: Params, lang: str) -> Params:
    """A metric by two columns, dark where it is large."""
    return {
        "viz_type": "heatmap_v2", "x_axis": given["x"], "groupby": given["y"], "metric": _metrics(dataset, given, lang)[0],
        "sort_x_axis": "alpha_asc", "sort_y_axis": "alpha_desc", "normalize_across": "heatmap", "linear_color_scheme": "blue_white_yellow"
        if given.get("diverging") else "schemeBlues", "legend_type": "continuous", "show_legend": False, "show_values": True,
        "show_percentage": False, "value_bounds": [None, None], "y_axis_format": _first_format(dataset, given, lang), "xscale_interval": 1,
        "yscale_interval": 1, "x_axis_label_rotation": 45, "left_margin": "auto", "bottom_margin": "auto",
        "border_color": {"r": 255, "g": 255, "b": 255, "a": 1},
    }  # fmt: skip


def _ranges(dataset: Dataset, given: Params, lang: str) -> Params:
    """An estimate with its interval for each value of a column: three rows each (`place` 1 to 3), drawn as a box of them."""
    return {
        "viz_type": "box_plot", "columns": ["place"], "groupby": [given["x"]], "metrics": _metrics(dataset, given, lang),
        "whiskerOptions": "Min/max (no outliers)", "number_format": _first_format(dataset, given, lang), "x_ticks_layout": "45°",
        "y_axis_format": _first_format(dataset, given, lang), "time_grain_sqla": None, "temporal_columns_lookup": {},
    }  # fmt: skip


def _flow(dataset: Dataset, given: Params, lang: str) -> Params:
    """From where to where, as wide as the metric."""
    return {"viz_type": "sankey_v2", "source": given["source"], "target": given["target"],
            "metric": _metrics(dataset, given, lang)[0], "sort_by_metric": True}  # fmt: skip


def _bubbles(dataset: Dataset, given: Params, lang: str) -> Params:
    """Things by two metrics, as large as a third, coloured by a column."""
    x, y, size = _metrics(dataset, given, lang)[:3]
    formats = [format_of(dataset.metrics[name], lang) for name in given["metrics"][:2]]
    return {
        "viz_type": "bubble_v2", "entity": given["entity"], "series": given["series"], "x": x, "y": y, "size": size,
        "max_bubble_size": "50",
        "opacity": 0.6, "show_legend": True, "legendOrientation": "top", "legendType": "plain", "xAxisFormat": formats[0],
        "y_axis_format": formats[1], "logYAxis": given.get("log", False), "truncateYAxis": False, "tooltipSizeFormat": formats[1],
        "x_axis_title": given["x_title"][lang], "y_axis_title": given["y_title"][lang], "x_axis_title_margin": 30,
        "y_axis_title_margin": 50,
    }  # fmt: skip


def _twin(column: str, lang: str) -> str:
    """`{title}` stands for the column title_zh or title_en."""
    return f"{column[1:-1]}_{lang}" if column.startswith("{") else column


def _rgb(colour: str) -> Params:
    return {"r": int(colour[1:3], 16), "g": int(colour[3:5], 16), "b": int(colour[5:7], 16), "a": 1}


_KINDS: dict[str, Callable[[Dataset, Params, str], Params]] = {
    "number": _number, "numbers": _numbers, "line": _line, "bars": _bars, "waterfall": _waterfall, "table": _table, "band": _band,
    "heat": _heat, "flow": _flow, "bubbles": _bubbles, "ranges": _ranges,
}  # fmt: skip
