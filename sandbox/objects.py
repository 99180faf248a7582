"""What the invented tenant's administrator set up in the CRM: its objects, their fields and each field's type.

`describe` answers from here, filters compare by these types, and an update of a field that is not listed is refused. The types are
the vendor's: numbers travel as strings, instants as epoch milliseconds, people and departments as lists of ids.
"""

DATE_TIME, DATE, NUMBER, TEXT, SELECT, FLAG = "date_time", "date", "number", "text", "select_one", "true_or_false"
PEOPLE, DEPARTMENTS, REFERENCE, PHONE, LINKS = "employee", "department", "object_reference", "phone_number", "what_list"
LISTS = {PEOPLE, DEPARTMENTS, LINKS}
INSTANTS = {DATE_TIME, DATE}

BOOKKEEPING = {"last_modified_time": DATE_TIME, "last_modified_by": PEOPLE, "version": NUMBER}
COMMON = {"_id": TEXT, "name": TEXT, "owner": PEOPLE, "life_status": SELECT, "create_time": DATE_TIME, **BOOKKEEPING}

SCORES = {
    "lf_p_win_by_period_end__c": NUMBER,
    "lf_p_win_ever__c": NUMBER,
    "lf_health__c": NUMBER,
    "lf_expected_close_week__c": TEXT,
    "lf_band__c": TEXT,
    "lf_reasons__c": TEXT,
    "lf_scored_at__c": DATE_TIME,
    "lf_model_version__c": TEXT,
    "lf_link__c": TEXT,
}
LEAD_SCORES = {
    "lf_p_convert_90d__c": NUMBER,
    "lf_band__c": TEXT,
    "lf_reasons__c": TEXT,
    "lf_scored_at__c": DATE_TIME,
    "lf_model_version__c": TEXT,
    "lf_link__c": TEXT,
}

LABELS = {
    "DepartmentObj": "部门",
    "PersonnelObj": "人员",
    "AccountObj": "客户",
    "LeadsObj": "销售线索",
    "NewOpportunityObj": "商机2.0",
    "ActiveRecordObj": "销售记录",
    "QuoteObj": "报价单",
    "SaleContractObj": "销售合同",
    "PaymentObj": "回款",
}

OBJECTS: dict[str, dict[str, str]] = {
    "DepartmentObj": COMMON
    | {
        "parent_id": DEPARTMENTS,
        "dept_kind__c": SELECT,
        "manager_id": PEOPLE,
        "status": SELECT,
    },
    "PersonnelObj": COMMON
    | {
        "user_id": TEXT,
        "full_name": TEXT,
        "phone": PHONE,
        "status": SELECT,
        "main_department": DEPARTMENTS,
        "position__c": SELECT,
    },
    "AccountObj": COMMON
    | {
        "industry": SELECT,
        "account_level": SELECT,
        "account_source": SELECT,
        "region__c": SELECT,
        "uniform_social_credit_code__c": TEXT,
        "merged_into_id__c": TEXT,
    },
    "LeadsObj": COMMON
    | LEAD_SCORES
    | {
        "company": TEXT,
        "mobile": PHONE,
        "source": SELECT,
        "industry": SELECT,
        "biz_status": SELECT,
        "leads_stage": SELECT,
        "assigned_time": DATE_TIME,
        "account_id": REFERENCE,
        "new_opportunity_id": REFERENCE,
        "transformed_time__c": DATE_TIME,
        "web_visits__c": NUMBER,
        "form_kind__c": SELECT,
        "channel_lead_id__c": TEXT,
        "is_duplicated": FLAG,
    },
    "NewOpportunityObj": COMMON
    | SCORES
    | {
        "account_id": REFERENCE,
        "owner_department_id": DEPARTMENTS,
        "sales_process_id": SELECT,
        "sales_stage": SELECT,
        "sales_status": SELECT,
        "stg_changed_time": DATE_TIME,
        "amount": NUMBER,
        "currency__c": SELECT,
        "probability": NUMBER,
        "close_date": DATE,
        "product_line__c": SELECT,
        "lead_source__c": SELECT,
        "leads_id__c": REFERENCE,
        "is_renewal__c": FLAG,
        "bid_date__c": DATE,
        "contract_no__c": TEXT,
        "signed_date__c": DATE,
        "lost_reason__c": SELECT,
        "forecast_category__c": SELECT,
        "dealer_id__c": REFERENCE,
    },
    "ActiveRecordObj": COMMON
    | {
        "active_record_type": SELECT,
        "direction__c": SELECT,
        "related_object_data": LINKS,
        "contact_count__c": NUMBER,
    },
    "QuoteObj": COMMON
    | {
        "account_id": REFERENCE,
        "new_opportunity_id": REFERENCE,
        "quote_amount": NUMBER,
        "currency__c": SELECT,
        "quote_time": DATE,
    },
    "SaleContractObj": COMMON
    | {
        "account_id": REFERENCE,
        "new_opportunity_id": REFERENCE,
        "contract_amount": NUMBER,
        "currency__c": SELECT,
        "confirm_time": DATE,
    },
    "PaymentObj": COMMON
    | {
        "account_id": REFERENCE,
        "receipt_no__c": TEXT,
        "payment_amount": NUMBER,
        "currency__c": SELECT,
        "payment_time": DATE,
    },
}


def own_fields(object_name: str) -> list[str]:
    """Fields of an object that its users fill: without id, bookkeeping and our score fields."""
    left_out = {"_id", *BOOKKEEPING}
    return [name for name in OBJECTS[object_name] if name not in left_out and not name.startswith("lf_")]


def wire_value(kind: str, value: object) -> object:
    """A written value as the CRM keeps it: numbers become strings, everything else stays."""
    if kind == NUMBER and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


LONE_SURROGATE_MARK = (
    "\ue000"  # kept in a name by us, sent as the half character \ud83d, which no strict decoder accepts
)
