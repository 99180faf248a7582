"""The features contract: every column a model may eat, with its type, its theme and the sentence that explains it in two languages.

In: nothing. Out: `FEATURES`, compared by a test with the columns of `features.opportunity_features`. A sentence names the fact, the figure
and what winners show; `{value}` is this deal's, `{typical}` the winners' median (numbers), or the share of winners with the same value
(texts and yes/no). A feature without a value speaks through `missing`.
"""

from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["text", "number", "boolean"]
Unit = Literal["count", "days", "rate", "money", "text", "yes_no"]

THEMES = {
    "stage": ("阶段", "stage"),
    "pace": ("进度", "pace"),
    "amount": ("金额", "amount"),
    "close_date": ("预计成交日", "close date"),
    "contacts": ("客户互动", "contacts"),
    "account": ("客户", "account"),
    "owner": ("负责人", "owner"),
    "profile": ("商机类型", "kind of deal"),
    "season": ("时间", "time left"),
    "calibration": ("校准", "calibration"),
}


@dataclass(frozen=True)
class Feature:
    """One column of the contract and how it is put into words."""

    name: str
    kind: Kind
    unit: Unit
    theme: str
    zh: str
    en: str
    template_zh: str
    template_en: str
    absent: tuple[str, str] | None = None  # where a deal without a value is an ordinary fact with words of its own

    @property
    def missing_zh(self) -> str:
        """Sentence for a deal without a value."""
        return self.absent[0] if self.absent else f"{self.zh}没有记录"

    @property
    def missing_en(self) -> str:
        """Sentence for a deal without a value."""
        return self.absent[1] if self.absent else f"no record of {self.en}"


def _text(name: str, theme: str, zh: str, en: str) -> Feature:
    return Feature(
        name,
        "text",
        "text",
        theme,
        zh,
        en,
        f"{zh}为 {{value}}，赢单中占 {{typical}}",
        f"{en} is {{value}}, as in {{typical}} of won deals",
    )


def _days(name: str, theme: str, zh: str, en: str) -> Feature:
    return Feature(
        name,
        "number",
        "days",
        theme,
        zh,
        en,
        f"{zh} {{value}} 天，赢单通常为 {{typical}} 天",
        f"{en}: {{value}} days; won deals usually {{typical}}",
    )


def _count(name: str, theme: str, zh: str, en: str, measure: str = "次") -> Feature:
    return Feature(
        name,
        "number",
        "count",
        theme,
        zh,
        en,
        f"{zh} {{value}} {measure}，赢单通常为 {{typical}} {measure}",
        f"{en}: {{value}}; won deals usually {{typical}}",
    )


def _rate(name: str, theme: str, zh: str, en: str) -> Feature:
    return Feature(
        name,
        "number",
        "rate",
        theme,
        zh,
        en,
        f"{zh} {{value}}，赢单通常为 {{typical}}",
        f"{en} {{value}}; won deals usually {{typical}}",
    )


def _yes_no(name: str, theme: str, zh: str, en: str) -> Feature:
    return Feature(
        name,
        "boolean",
        "yes_no",
        theme,
        zh,
        en,
        f"{zh}：{{value}}，赢单中 {{typical}} 相同",
        f"{en}: {{value}}, the same as {{typical}} of won deals",
    )


FEATURES: tuple[Feature, ...] = (
    _text("sales_process", "profile", "销售流程", "the sales process"),
    _text("stage_code", "stage", "当前阶段", "the stage"),
    _text("lead_source", "profile", "线索来源", "the lead source"),
    _text("product_line", "profile", "产品线", "the product line"),
    _text("account_industry", "account", "客户行业", "the customer's industry"),
    _rate("stage_set_rate", "stage", "阶段标准赢率", "the stage's set rate is"),
    _days("age_days", "pace", "商机已建立", "age of the deal"),
    _days("days_in_stage", "pace", "停留当前阶段", "time in this stage"),
    _count("stage_moves_count", "pace", "阶段推进", "stage moves"),
    _count("stage_regressions_count", "pace", "阶段倒退", "stage regressions"),
    _count("stage_skips_count", "pace", "阶段跳跃", "skipped stages"),
    Feature(
        "open_gross_amount",
        "number",
        "money",
        "amount",
        "商机金额（含税）",
        "the open amount (gross)",
        "商机金额（含税）{value}，赢单通常为 {typical}",
        "the open amount is {value} (gross); won deals usually {typical}",
    ),
    _rate(
        "amount_change_ratio", "amount", "金额较首次填报变动", "the amount has changed since it was first entered by"
    ),
    _count("close_date_pushes_count", "close_date", "预计成交日推迟", "pushes of the close date"),
    _days("close_date_push_days", "close_date", "预计成交日共推迟", "close date pushed back by"),
    _days("days_to_close_date", "close_date", "距预计成交日", "time to the close date"),
    replace(
        _days("days_to_bid", "close_date", "距开标日", "time to the bid date"), absent=("没有开标日", "no bid date")
    ),
    _count("interactions_count_14d", "contacts", "近 14 天互动", "contacts in 14 days"),
    _count("interactions_count_30d", "contacts", "近 30 天互动", "contacts in 30 days"),
    _count("interactions_count_90d", "contacts", "近 90 天互动", "contacts in 90 days"),
    _count("inbound_count_90d", "contacts", "近 90 天客户主动联系", "contacts from the customer in 90 days"),
    _count("meetings_count_90d", "contacts", "近 90 天会议", "meetings in 90 days"),
    _days("days_since_last_interaction", "contacts", "距上次互动", "time since the last contact"),
    _count("interaction_channels_count_90d", "contacts", "近 90 天互动渠道", "channels of contact in 90 days", "种"),
    _count("account_won_count_730d", "account", "客户近两年赢单", "deals won with this customer in two years", "单"),
    _count("account_open_count", "account", "客户在谈商机", "open deals with this customer", "单"),
    _rate("owner_win_rate_365d", "owner", "负责人近一年赢率", "the owner's win rate over a year is"),
    _count("owner_open_count", "owner", "负责人在谈商机", "open deals of the owner", "单"),
    _days("days_to_period_end", "season", "距本期结束", "time to the end of the period"),
    _yes_no("has_amount", "amount", "已填金额", "amount entered"),
    _yes_no("is_renewal", "profile", "续约商机", "renewal"),
    _yes_no(
        "is_close_date_period_end", "close_date", "预计成交日定在期末", "close date parked on the period's last day"
    ),
)
BY_NAME = {feature.name: feature for feature in FEATURES}
TEXTS = tuple(feature.name for feature in FEATURES if feature.kind == "text")
NUMBERS = tuple(feature.name for feature in FEATURES if feature.kind != "text")
NAMES = TEXTS + NUMBERS

# What the horizon adds to the matrix; each grows with the horizon, so a model that is monotone in them is monotone in it.
HORIZON_COLUMNS = ("horizon_days", "horizon_past_period_end", "horizon_past_close_date")
_HORIZON_THEME = {
    "horizon_days": "season",
    "horizon_past_period_end": "season",
    "horizon_past_close_date": "close_date",
}


def theme_of(column: str) -> str:
    """Theme of a column of the model's matrix (a feature or a horizon column)."""
    return _HORIZON_THEME.get(column) or BY_NAME[column].theme
