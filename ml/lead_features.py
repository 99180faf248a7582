"""The features of open leads: every column that the lead model may eat, with its theme and its sentences.

In: nothing. Out: `LEAD_FEATURES`, compared by a test with the columns of `features.lead_features`.
"""

from dataclasses import replace

from ml.contract import Feature, Words

LEAD_THEMES = {
    "source": ("来源", "source"),
    "profile": ("线索资料", "profile"),
    "behaviour": ("注册与浏览", "registration and visits"),
    "response": ("响应", "response"),
    "contacts": ("互动", "contacts"),
    "progress": ("跟进状态", "progress"),
    "owner": ("负责人", "owner"),
    "age": ("时间", "age"),
    "calibration": ("校准", "calibration"),
}
_LEAD = Words("转化线索", "converted leads")
LEAD_FEATURES: tuple[Feature, ...] = (
    _LEAD.text("lead_source", "source", "线索来源", "the lead source"),
    replace(
        _LEAD.text("channel", "source", "渠道", "the channel"),
        absent=("渠道一侧没有这条线索", "no channel knows the lead"),
    ),
    _LEAD.text("industry", "profile", "行业", "the industry"),
    _LEAD.text("form_kind", "behaviour", "注册表单", "the form"),
    _LEAD.text("region", "owner", "负责人所在大区", "the owner's region"),
    _LEAD.text("lead_status", "progress", "跟进状态", "the status"),
    _LEAD.text("lead_stage", "progress", "线索阶段", "the lead's stage"),
    _LEAD.days("age_days", "age", "线索已建立", "age of the lead"),
    _LEAD.count("web_visits_count", "behaviour", "浏览网站", "visits to the website"),
    replace(
        _LEAD.hours("hours_to_assignment", "response", "分配用时", "time to assignment"),
        absent=("还没有分配", "not assigned yet"),
    ),
    replace(
        _LEAD.hours("hours_to_first_contact", "response", "首次联系用时", "time to the first contact"),
        absent=("还没有联系过", "not contacted yet"),
    ),
    replace(
        _LEAD.count("contacts_count_14d", "contacts", "近 14 天互动", "contacts in 14 days"),
        absent=("还没有互动", "no contact yet"),
    ),
    replace(
        _LEAD.count("contacts_count_90d", "contacts", "近 90 天互动", "contacts in 90 days"),
        absent=("还没有互动", "no contact yet"),
    ),
    replace(
        _LEAD.count("inbound_count_90d", "contacts", "近 90 天客户主动联系", "contacts from the customer in 90 days"),
        absent=("客户还没有主动联系", "no contact from the customer yet"),
    ),
    replace(
        _LEAD.days("days_since_last_contact", "contacts", "距上次互动", "time since the last contact"),
        absent=("还没有互动", "no contact yet"),
    ),
    replace(
        _LEAD.count("inquiries_count", "source", "渠道询盘", "inquiries in the channels"),
        absent=("渠道一侧没有询盘", "no inquiry in a channel"),
    ),
    _LEAD.yes_no("has_company", "profile", "已留公司名称", "company named"),
    _LEAD.yes_no("is_duplicated", "profile", "重复线索", "marked as a duplicate"),
)
