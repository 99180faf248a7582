"""What Superset is given: databases, datasets, charts and dashboards as its import format, and a row-level rule for every dataset.

In: the descriptions (`book.py`), the columns that each dataset has in the database, the language. Out: one JSON-able `dict`. Ids are
uuid5 of the names, so that loading again changes what is there instead of adding to it.
"""

import json
from typing import Any
from uuid import UUID, uuid5

from bi.book import Book, Chart, Dataset, Metric, Page, definitions
from bi.kinds import format_of, metric_key, params
from bi.layout import Rows, Shown, chart_numbers, position
from bi.style import style
from warehouse.access import condition_for

NAMESPACE = UUID("6f0a9d52-5b0e-5c38-9a51-0b9c8f3f7c11")
DATABASE = "Landfall"
WHO = "'{{ current_username() }}'"  # filled in by Superset with whoever is signed in; no name of ours has a quote
PER_UNIT = {"zh": "10000.0", "en": "1000000.0"}
# The chosen unit is a filter that no dataset has a column for: Superset fills it in where a metric is made, and leaves it out of the rows.
UNIT_OF = "{{% if '{small}' in filter_values('unit') %}}1.0{{% else %}}{per}{{% endif %}}"
Columns = dict[str, dict[str, str]]  # dataset → column → type


def uid(kind: str, name: str) -> str:
    """The stable id of a thing."""
    return str(uuid5(NAMESPACE, f"{kind}/{name}"))


def bundle(book: Book, columns: Columns, lang: str) -> dict[str, Any]:
    """Files of Superset's import format (YAML, of which JSON is a part) by path, and the rule of each dataset by its id."""
    files: dict[str, Any] = {
        "metadata.yaml": {"version": "1.0.0", "type": "assets", "timestamp": "2026-01-01T00:00:00+00:00"}
    }
    files["databases/landfall.yaml"] = {
        "database_name": DATABASE, "sqlalchemy_uri": "postgresql+psycopg2://", "expose_in_sqllab": False, "allow_run_async": False,
        "allow_ctas": False, "allow_cvas": False, "allow_dml": False, "uuid": uid("database", DATABASE), "version": "1.0.0",
        "extra": {"allows_virtual_table_explore": True},
    }  # fmt: skip
    for name in book.datasets:
        files[f"datasets/{DATABASE}/{name}.yaml"] = _dataset(book, name, columns[name], lang)
    for page_id, page in book.pages.items():
        for name, chart in page.charts.items():
            files[f"charts/{page_id}_{name}.yaml"] = _chart(book, f"{page_id}_{name}", chart, lang)
        for is_phone in (False, True):
            if page.phone or not is_phone:
                files[f"dashboards/{page_id}{'_mobile' * is_phone}.yaml"] = _dashboard(
                    book, page_id, columns, lang, is_phone=is_phone
                )
    rules = {uid("dataset", name): rule(dataset, columns[name]) for name, dataset in book.datasets.items()}
    return {"files": {path: json.dumps(content, ensure_ascii=False) for path, content in files.items()}, "rules": rules}


def query(book: Book, dataset: Dataset, lang: str) -> str | None:
    """The dataset's query with its parts and words put in; None for a mart as it is."""
    if dataset.sql is None:
        return None
    words = {
        word: text.in_(lang).replace("'", "''") for word, text in book.values.items()
    }  # each stands between quotes
    parts = book.queries | words | {"lang": lang}
    text = dataset.sql
    for name, part in parts.items():
        text = text.replace("{" + name + "}", part)
    return text.strip()


def rule(dataset: Dataset, columns: dict[str, str]) -> str:
    """The condition under which a row is shown to whoever is signed in: that of the database's own policies."""
    marts = [dataset.mart] if dataset.mart else dataset.marts
    return condition_for(WHO, [mart for mart in marts if mart], list(columns))


def _dataset(book: Book, name: str, columns: dict[str, str], lang: str) -> dict[str, Any]:
    dataset = book.datasets[name]
    words = {column: text.in_(lang) for column, text in book.columns.items()}
    return {
        "table_name": dataset.mart or dataset.label.in_(lang), "main_dttm_col": dataset.day, "description": dataset.label.in_(lang),
        "schema": "published", "sql": query(book, dataset, lang), "uuid": uid("dataset", name), "database_uuid": uid("database", DATABASE),
        "version": "1.0.0", "filter_select_enabled": True, "is_managed_externally": True,
        "columns": [
            {"column_name": column, "type": kind, "verbose_name": words.get(column), "is_dttm": kind in ("DATE", "TIMESTAMPTZ"),
             "groupby": True, "filterable": True, "is_active": True}
            for column, kind in columns.items()
        ],
        "metrics": [_metric(book, dataset, metric, lang) for metric in dataset.metrics]
        + [{"metric_name": name, "expression": text} for name, text in dataset.orders.items()],
    }  # fmt: skip


def _metric(book: Book, dataset: Dataset, name: str, lang: str) -> dict[str, Any]:
    metric = dataset.metrics[name]
    unit = book.values["unit_large"].in_(lang)
    per = UNIT_OF.format(small=book.values["unit_small"].in_(lang), per=PER_UNIT[lang])
    return {
        "metric_name": metric_key(dataset, name, lang), "verbose_name": None if metric.series else label_of(metric, lang),
        "d3format": format_of(metric, lang),
        "expression": f"({metric.sql}) / {per}" if metric.unit == "money" else metric.sql,
        "description": " · ".join(filter(None, [metric.definition, unit if metric.unit == "money" else None])),
    }  # fmt: skip


def label_of(metric: Metric, lang: str) -> str:
    """What a metric is called: its own words, else those of its definition."""
    if metric.label:
        return metric.label.in_(lang)
    return definitions()[metric.definition].in_(lang) if metric.definition else ""


def definitions_of(book: Book, chart: Chart) -> list[str]:
    """The definition ids of everything that a chart shows."""
    metrics = book.datasets[chart.dataset].metrics
    found = [metrics[name].definition for name in chart.given.get("metrics", []) if name in metrics] + chart.definitions
    return list(dict.fromkeys(each for each in found if each))


def caption(book: Book, chart: Chart, lang: str) -> str:
    """What stands under a chart: one sentence, and the definition ids of its figures."""
    return " · ".join([chart.says.in_(lang), *definitions_of(book, chart)])


def _shown(book: Book, page_id: str, name: str, chart: Chart, lang: str) -> Shown:
    return Shown(uid("chart", f"{page_id}_{name}"), chart.title.in_(lang), caption(book, chart, lang))


def _chart(book: Book, name: str, chart: Chart, lang: str) -> dict[str, Any]:
    shown = params(book, chart, lang)
    return {
        "slice_name": chart.title.in_(lang), "description": caption(book, chart, lang), "viz_type": shown["viz_type"],
        "params": shown, "query_context": None, "cache_timeout": None, "uuid": uid("chart", name), "version": "1.0.0",
        "dataset_uuid": uid("dataset", chart.dataset), "is_managed_externally": True,
    }  # fmt: skip


def _dashboard(book: Book, page_id: str, columns: Columns, lang: str, *, is_phone: bool) -> dict[str, Any]:
    page = book.pages[page_id]
    tabs = [("", [[place] for place in page.phone])] if is_phone else _tabs(page, lang)
    used = chart_numbers([row for _, rows in tabs for row in rows])
    shown = {name: _shown(book, page_id, name, page.charts[name], lang) for name in used}
    title = page.title.in_(lang)
    slug = f"{page_id}-mobile" if is_phone else page_id
    filters = [_filter(book, name, page, used, columns, lang) for name in page.filters]
    return {
        "dashboard_title": title, "description": page.says.in_(lang), "slug": slug, "css": style(page, lang, is_phone=is_phone),
        "published": True,
        "uuid": uid("dashboard", slug), "version": "1.0.0", "is_managed_externally": True,
        "position": position(tabs, shown, title, lang),
        "metadata": {
            "color_scheme": "supersetColors", "label_colors": _colours(book, lang), "cross_filters_enabled": True, "refresh_frequency": 0,
            "native_filter_configuration": filters, "filter_bar_orientation": "HORIZONTAL",
        },
    }  # fmt: skip


def _tabs(page: Page, lang: str) -> list[tuple[str, Rows]]:
    return [(tab.title.in_(lang), tab.rows) for tab in page.tabs] or [("", page.rows)]


def _colours(book: Book, lang: str) -> dict[str, str]:
    """A fixed colour for every series that has a name: metrics by their labels, words of queries with and without their number."""
    found: dict[str, str] = {}
    for dataset in book.datasets.values():
        for name in dataset.metrics.keys() & book.colours.keys():
            metric = dataset.metrics[name]
            found |= {label_of(metric, lang): book.colours[name], name: book.colours[name]}
            if metric.series:
                series = metric.series.in_(lang)
                found |= {series: book.colours[name], series.split("__")[0]: book.colours[name]}
    for name in book.values.keys() & book.colours.keys():
        word = book.values[name].in_(lang)
        found |= {f"{number}{word}": book.colours[name] for number in ("", *"①②③④⑤⑥⑦⑧⑨")}
    return found


def _filter(book: Book, name: str, page: Page, used: dict[str, int], columns: Columns, lang: str) -> dict[str, Any]:
    given = book.filters[name]
    outside = [number for chart, number in used.items() if not _is_filtered(book, page.charts[chart], name, columns)]
    value = [given.chosen.in_(lang)] if given.chosen else None
    mask = {"filters": [{"col": given.column, "op": "IN", "val": value}]} if value else {}
    is_single = given.is_first_chosen or value is not None
    return {
        "id": f"NATIVE_FILTER-{name}", "type": "NATIVE_FILTER", "filterType": "filter_select", "name": given.label.in_(lang),
        "targets": [{"column": {"name": given.column}, "datasetUuid": uid("dataset", given.dataset)}],
        "requiredFirst": given.is_first_chosen, "scope": {"rootPath": ["ROOT_ID"], "excluded": outside}, "cascadeParentIds": [],
        "description": "", "defaultDataMask": {"extraFormData": mask, "filterState": {"value": value} if value else {}, "ownState": {}},
        "controlValues": {"multiSelect": not is_single, "enableEmptyFilter": is_single, "defaultToFirstItem": given.is_first_chosen,
                          "inverseSelection": False, "searchAllOptions": False, "sortAscending": True},
        **({"sortMetric": given.order} if given.order else {}),
    }  # fmt: skip


def _is_filtered(book: Book, chart: Chart, name: str, columns: Columns) -> bool:
    """None is sent what it has no use for: Superset never answers out of its cache where all of a chart's filters came to nothing."""
    given = book.filters[name]
    if name in chart.given.get("ignores", []):
        return False
    if given.is_everywhere:
        return any(metric.unit == "money" for metric in book.datasets[chart.dataset].metrics.values())
    return given.column in columns[chart.dataset]
