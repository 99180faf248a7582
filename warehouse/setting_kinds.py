"""What can be set through the settings door: one kind is one sheet, its key columns and its value columns.

A key of several columns is joined by `|`; a value is a JSON object of text, numbers as decimal text, so that no digit is lost.
"""

from dataclasses import dataclass
from typing import Literal

Type = Literal["text", "code", "rate", "amount", "balance", "number", "integer", "day", "choice", "reference"]


@dataclass(frozen=True, slots=True)
class Field:
    """One column. `among`: the choices of a `choice`; the kind of setting, or `node`, whose keys a `reference` must name."""

    name: str
    zh: str
    type: Type
    among: tuple[str, ...] | str = ()
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of setting. `integers` of its values are JSON numbers; everything else is text."""

    name: str
    zh: str
    keys: tuple[Field, ...]
    values: tuple[Field, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """Key columns, then value columns."""
        return self.keys + self.values


_NAMES = (Field("name_zh", "中文名", "text"), Field("name_en", "英文名", "text"))
_NODE_PERIOD = (Field("node_id", "组织节点", "reference", "node"), Field("period_id", "期间", "code"))
CALENDARS = ("calendar_year", "fiscal_year", "closing_day", "weeks_4_4_5")
CHANNELS = ("call", "visit", "message", "mail", "meeting", "other")


def _tree(name: str, zh: str) -> Kind:
    """Codes of one kind with their names, each below another or at the top."""
    parent = Field(f"parent_{name}", f"上级{zh}", "reference", name, is_required=False)
    return Kind(name, zh, (Field(name, f"{zh}代码", "code"),), (*_NAMES, parent))


KINDS = (
    Kind(
        "stage",
        "阶段",
        (Field("stage_code", "阶段代码", "code"),),
        (
            *_NAMES,
            Field("stage_order", "顺序", "integer"),
            Field("set_rate", "设定赢率", "rate"),
            Field("outcome", "结果", "choice", ("open", "won", "lost")),
        ),
    ),
    Kind(
        "stage_map",
        "阶段映射",
        (
            Field("system", "系统", "code"),
            Field("process", "销售流程", "code"),
            Field("stage_value", "系统内阶段值", "code"),
        ),
        (Field("stage_code", "阶段代码", "reference", "stage"),),
    ),
    Kind(
        "interaction_kind",
        "互动类型",
        (Field("system", "系统", "code"), Field("raw_kind", "系统内类型", "code")),
        (Field("channel", "渠道", "choice", CHANNELS),),
    ),
    Kind(
        "org_node",
        "组织节点",
        (Field("node_id", "节点", "code"),),
        (
            Field("parent_node_id", "上级节点", "reference", "node", is_required=False),
            Field("node_level", "层级", "choice", ("company", "region", "team", "rep")),
            Field("name", "名称", "text"),
        ),
    ),
    _tree("product_line", "产品线"),
    _tree("channel", "销售渠道"),
    _tree("sales_process", "销售流程"),
    _tree("lead_source", "线索来源"),
    _tree("region", "区域"),
    Kind("target", "目标", _NODE_PERIOD, (Field("gross_amount", "目标金额（含税）", "amount"),)),
    Kind("signed_target", "签字目标", _NODE_PERIOD, (Field("gross_amount", "签字目标金额（含税）", "amount"),)),
    Kind(
        "ledger_balance",
        "总账应收余额",
        (Field("day", "日期", "day"), Field("customer_number", "客户编码（* 为科目总额）", "code")),
        (Field("gross_amount", "余额（含税）", "balance"),),
    ),
    Kind("budget", "预算", _NODE_PERIOD, (Field("net_amount", "预算金额（不含税）", "amount"),)),
    Kind(
        "calendar",
        "期间日历",
        (Field("starts_on", "首日", "day"),),
        (
            Field("calendar_kind", "日历类型", "choice", CALENDARS),
            Field("first_month", "首月", "integer", is_required=False),
            Field("closing_day", "月结日", "integer", is_required=False),
            Field("id_prefix", "期间前缀", "code", is_required=False),
            Field("year_named_by", "年度命名", "choice", ("start", "end"), is_required=False),
        ),
    ),
    Kind(
        "working_day",
        "工作日例外",
        (Field("day", "日期", "day"),),
        (Field("day_kind", "类型", "choice", ("holiday", "make_up")), Field("name", "名称", "text", is_required=False)),
    ),
    Kind(
        "owner_map",
        "人员对应",
        (Field("system", "系统", "code"), Field("system_owner_id", "系统内人员", "code")),
        (Field("value", "员工编号", "code"),),
    ),
    Kind(
        "product_map",
        "产品对应",
        (Field("system", "系统", "code"), Field("group_code", "物料分组", "code")),
        (Field("value", "产品线代码", "code"),),
    ),
    Kind("tax_rate", "税率", (Field("product_line", "产品线", "code"),), (Field("rate", "增值税率", "rate"),)),
    Kind("fx_rate", "汇率", (Field("currency", "币种", "code"),), (Field("rate", "对本位币汇率", "number"),)),
    Kind(
        "alert_rule",
        "预警规则",
        (Field("rule", "规则", "code"),),
        (
            Field("is_enabled", "启用", "choice", ("true", "false")),
            Field("threshold", "阈值", "number", is_required=False),
            Field("days", "天数", "integer", is_required=False),
            Field("day_kind", "天数口径", "choice", ("calendar", "working"), is_required=False),
            Field("stage_code", "阶段代码", "reference", "stage", is_required=False),
        ),
    ),
)
BY_NAME = {kind.name: kind for kind in KINDS}
