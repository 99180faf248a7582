"""What the records of each stream show when their source is sound, as data: a new stream adds its line here.

Keys are landing tables. The checks that read this are in `landing.py`.
"""

HANDFUL = 3  # so few faulty records are slips of people and never stop a small stream
FAULTY_SHARE = 0.005  # beyond 1 in 200 the source or its mapping has changed
# Landing table → fields that every living record has. What the go-live export of stages alone cannot know is not listed.
PRESENT = {
    "fxiaoke__departments": ("name",),
    "fxiaoke__people": ("user_id",),
    "fxiaoke__accounts": ("name",),
    "fxiaoke__leads": ("create_time",),
    "fxiaoke__opportunities": ("sales_stage", "create_time"),
    "fxiaoke__activity_records": ("create_time",),
    "kingdee__orders": ("FBillNo", "FDocumentStatus", "FAllAmount_LC"),
    "kingdee__deliveries": ("FBillNo", "FDocumentStatus"),
    "kingdee__returns": ("FBillNo", "FDocumentStatus"),
    "kingdee__receivables": ("FBillNo", "FDOCUMENTSTATUS", "FALLAMOUNT_D"),
    "kingdee__receipts": ("FBillNo", "FDOCUMENTSTATUS", "FRECAMOUNT_E"),
    "kingdee__refunds": ("FBillNo", "FDOCUMENTSTATUS", "FREFUNDAMOUNT_E"),
    "kingdee__matches": ("FSOURCEFROMID", "FSRCBILLNO", "FCURWRITTENOFFAMOUNT"),
    "kingdee__bills": ("FBILLNUMBER", "FBILLSTATUS", "FPARAMOUNT"),
    "kingdee__purchase_orders": ("FBillNo", "FMaterialId.FNumber"),
    "kingdee__inventory": ("FMaterialId.FNumber", "FBaseQty"),
    "kingdee__materials": ("FNumber",),
    "kingdee__boms": ("FMATERIALID.FNumber", "FMATERIALIDCHILD.FNumber"),
    "wecom__archive_messages": ("userid", "external_userid", "msgtime"),
    "dingtalk__follow_ups": ("followTargetDataId", "gmtCreateMilliseconds"),
    "files__opportunities": ("id", "created_at"),
    "files__stage_changes": ("opportunity_id", "stage", "changed_at"),
    "files__interactions": ("opportunity_id", "occurred_at"),
    "tryton__opportunities": ("state", "create_date"),
    "tryton__orders": ("state", "create_date"),
    "tryton__order_lines": ("sale", "type"),
    "tryton__invoices": ("type", "state"),
    "tryton__receivables": ("debit", "credit"),
    "tryton__payments": ("kind", "state"),
    "salesforce__accounts": ("Name", "CreatedDate"),
    "salesforce__leads": ("CreatedDate",),
    "salesforce__opportunities": ("StageName", "CreatedDate"),
    "salesforce__stage_changes": ("OpportunityId", "StageName", "CreatedDate"),
    "salesforce__tasks": ("CreatedDate",),
    "salesforce__roles": ("Name",),
    "salesforce__users": ("Name",),
}
AMOUNT = {
    "fxiaoke__opportunities": "amount",
    "files__opportunities": "amount",
    "tryton__opportunities": "amount",
    "salesforce__opportunities": "Amount",
}
EPOCH_MS, ISO_INSTANT, DECIMAL = r"^\d{11,13}$", r"^\d{4}-\d{2}-\d{2}T?", r"^-?\d{1,18}([.]\d+)?$"
INSTANTS = {
    "fxiaoke__leads": ("create_time", EPOCH_MS),
    "fxiaoke__opportunities": ("create_time", EPOCH_MS),
    "fxiaoke__activity_records": ("create_time", EPOCH_MS),
    "wecom__archive_messages": ("msgtime", EPOCH_MS),
    "dingtalk__follow_ups": ("gmtCreateMilliseconds", EPOCH_MS),
    "files__opportunities": ("created_at", ISO_INSTANT),
    "files__stage_changes": ("changed_at", ISO_INSTANT),
    "files__interactions": ("occurred_at", ISO_INSTANT),
    "tryton__opportunities": ("create_date", ISO_INSTANT),
    "tryton__orders": ("create_date", ISO_INSTANT),
    "salesforce__leads": ("CreatedDate", ISO_INSTANT),
    "salesforce__opportunities": ("CreatedDate", ISO_INSTANT),
    "salesforce__stage_changes": ("CreatedDate", ISO_INSTANT),
    "salesforce__tasks": ("CreatedDate", ISO_INSTANT),
}
