"""The features of open deals: every column that the win model may eat, with its theme and its sentences.

In: nothing. Out: `FEATURES`, compared by a test with the columns of `features.opportunity_features`; how a horizon enters the matrix.
"""

from dataclasses import replace

from ml.contract import Feature, Words

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


_DEAL = Words("赢单", "won deals")
FEATURES: tuple[Feature, ...] = (
    _DEAL.text("sales_process", "profile", "销售流程", "the sales process"),
    _DEAL.text("stage_code", "stage", "当前阶段", "the stage"),
    _DEAL.text("lead_source", "profile", "线索来源", "the lead source"),
    _DEAL.text("product_line", "profile", "产品线", "the product line"),
    _DEAL.text("account_industry", "account", "客户行业", "the customer's industry"),
    _DEAL.rate("stage_set_rate", "stage", "阶段标准赢率", "the stage's set rate is"),
    _DEAL.days("age_days", "pace", "商机已建立", "age of the deal"),
    _DEAL.days("days_in_stage", "pace", "停留当前阶段", "time in this stage"),
    _DEAL.count("stage_moves_count", "pace", "阶段推进", "stage moves"),
    _DEAL.count("stage_regressions_count", "pace", "阶段倒退", "stage regressions"),
    _DEAL.count("stage_skips_count", "pace", "阶段跳跃", "skipped stages"),
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
    _DEAL.rate(
        "amount_change_ratio", "amount", "金额较首次填报变动", "the amount has changed since it was first entered by"
    ),
    _DEAL.count("close_date_pushes_count", "close_date", "预计成交日推迟", "pushes of the close date"),
    _DEAL.days("close_date_push_days", "close_date", "预计成交日共推迟", "close date pushed back by"),
    _DEAL.days("days_to_close_date", "close_date", "距预计成交日", "time to the close date"),
    replace(
        _DEAL.days("days_to_bid", "close_date", "距开标日", "time to the bid date"),
        absent=("没有开标日", "no bid date"),
    ),
    _DEAL.count("interactions_count_14d", "contacts", "近 14 天互动", "contacts in 14 days"),
    _DEAL.count("interactions_count_30d", "contacts", "近 30 天互动", "contacts in 30 days"),
    _DEAL.count("interactions_count_90d", "contacts", "近 90 天互动", "contacts in 90 days"),
    _DEAL.count("inbound_count_90d", "contacts", "近 90 天客户主动联系", "contacts from the customer in 90 days"),
    _DEAL.count("meetings_count_90d", "contacts", "近 90 天会议", "meetings in 90 days"),
    _DEAL.days("days_since_last_interaction", "contacts", "距上次互动", "time since the last contact"),
    _DEAL.count(
        "interaction_channels_count_90d", "contacts", "近 90 天互动渠道", "channels of contact in 90 days", "种"
    ),
    _DEAL.count(
        "account_won_count_730d", "account", "客户近两年赢单", "deals won with this customer in two years", "单"
    ),
    _DEAL.count("account_open_count", "account", "客户在谈商机", "open deals with this customer", "单"),
    _DEAL.rate("owner_win_rate_365d", "owner", "负责人近一年赢率", "the owner's win rate over a year is"),
    _DEAL.count("owner_open_count", "owner", "负责人在谈商机", "open deals of the owner", "单"),
    _DEAL.days("days_to_period_end", "season", "距本期结束", "time to the end of the period"),
    _DEAL.days("days_to_year_end", "season", "距本年度结束", "time to the end of the year"),
    _DEAL.yes_no("has_amount", "amount", "已填金额", "amount entered"),
    _DEAL.yes_no("is_renewal", "profile", "续约商机", "renewal"),
    _DEAL.yes_no(
        "is_close_date_period_end", "close_date", "预计成交日定在期末", "close date parked on the period's last day"
    ),
)

# Days on which what is asked turns, by the feature that tells how far off each is: the horizon less that is a column of the matrix.
HORIZON_PAST = {
    "horizon_past_period_end": "days_to_period_end",
    "horizon_past_close_date": "days_to_close_date",
    "horizon_past_bid": "days_to_bid",
}
# What the horizon adds to the matrix; each grows with the horizon, so a model that is monotone in them is monotone in it.
HORIZON_COLUMNS = ("horizon_days", *HORIZON_PAST)
# The feature that a horizon column is told by, whose theme is its theme.
HORIZON_TOLD_BY = {"horizon_days": "days_to_period_end", **HORIZON_PAST}
