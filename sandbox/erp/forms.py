"""The forms of the ERP: the fields that a query may name, and which of them are the key and the time of change.

Header and entry fields are told apart only in a form's metadata; a query names them alike.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """One form: `key` is the bill's id and, for bills with entries, the entry's; `modified` is empty where nothing dates a row."""

    key: tuple[str, ...]
    modified: str
    plain: tuple[str, ...]

    @property
    def fields(self) -> frozenset[str]:
        """All names that a query may ask for."""
        return frozenset([*self.key, *filter(None, [self.modified]), *self.plain])


def _form(key: str, modified: str, plain: str) -> Form:
    return Form(tuple(key.split()), modified, tuple(plain.split()))


_PARTY = "FCONTACTUNIT.FNumber FCONTACTUNIT.FName FCURRENCYID.FCODE"
FORMS = {
    "SAL_SaleOrder": _form(
        "FID FSaleOrderEntry_FEntryID", "FModifyDate",
        "FBillNo FDate FDocumentStatus FCloseStatus FSaleOrgId.FNumber FCustId.FNumber FCustId.FName FSalerId.FNumber FSalerId.FName "
        "F_LF_ContractNo FSettleCurrId.FCODE FCreateDate FApproveDate FSaleOrderEntry_FSeq FMaterialId.FNumber FMaterialId.FName FQty "
        "FTaxPrice FEntryTaxRate FAmount FAllAmount FAmount_LC FAllAmount_LC FDeliveryDate",
    ),
    "SAL_OUTSTOCK": _form(
        "FID FEntity_FENTRYID", "FModifyDate",
        "FBillNo FDate FDocumentStatus FCustomerID.FNumber FCustomerID.FName FMaterialID.FNumber FRealQty FStockID.FNumber FSoorDerno "
        "FApproveDate",
    ),
    "SAL_RETURNSTOCK": _form(
        "FID FEntity_FENTRYID", "FModifyDate",
        "FBillNo FDate FDocumentStatus FRetcustId.FNumber FRetcustId.FName FMaterialId.FNumber FRealQty FStockId.FNumber FOrderNo "
        "FApproveDate",
    ),
    "AR_receivable": _form(
        "FID FEntityDetail_FEntryID", "FModifyDate",
        "FBillNo FDATE FENDDATE_H FDOCUMENTSTATUS FCUSTOMERID.FNumber FCUSTOMERID.FName FSALEORGID.FNumber FCURRENCYID.FCODE "
        "FORDERNUMBER FMATERIALID.FNumber FEntryTaxRate FALLAMOUNTFOR_D FNoTaxAmountFor_D FTAXAMOUNTFOR_D FALLAMOUNT_D FNOTAXAMOUNT_D "
        "FApproveDate",
    ),
    "AR_RECEIVEBILL": _form(
        "FID FRECEIVEBILLENTRY_FEntryID", "FMODIFYDATE",
        f"FBillNo FDATE FDOCUMENTSTATUS {_PARTY} FSETTLETYPEID.FNumber FPURPOSEID.FNumber FRECAMOUNTFOR_E FRECAMOUNT_E FCREATEDATE "
        "FApproveDate",
    ),
    "AR_REFUNDBILL": _form(
        "FID FREFUNDBILLENTRY_FEntryID", "FMODIFYDATE",
        f"FBillNo FDATE FDOCUMENTSTATUS {_PARTY} FSETTLETYPEID.FNumber FREFUNDAMOUNTFOR_E FREFUNDAMOUNT_E FCREATEDATE FApproveDate",
    ),
    "AR_Match": _form(
        "FID FEntity_FEntryID", "FModifyDate", "FBillNo FDATE FSOURCEFROMID FSRCBILLNO FCURWRITTENOFFAMOUNTFOR FCURWRITTENOFFAMOUNT"
    ),
    "CN_BILLRECEIVABLE": _form(
        "FID", "FModifyDate",
        f"FBILLNUMBER FBILLTYPE FDOCUMENTSTATUS FBILLSTATUS {_PARTY} FPARAMOUNTFOR FPARAMOUNT FSOURCEBILLNO FISSUEDATE FDUEDATE "
        "FSTATUSDATE FApproveDate",
    ),
    "PUR_PurchaseOrder": _form(
        "FID FPOOrderEntry_FEntryID", "FModifyDate",
        "FBillNo FDate FDocumentStatus FCloseStatus FSupplierId.FNumber FSupplierId.FName FMaterialId.FNumber FQty FStockInQty FTaxPrice "
        "FAllAmount FDeliveryDate FApproveDate",
    ),
    "STK_Inventory": _form(
        "FID", "",
        "FMaterialId.FNumber FMaterialId.FName FStockId.FNumber FStockId.FName FStockOrgId.FNumber FBaseQty FBaseUnitId.FName FLot.FNumber",
    ),
    "BD_MATERIAL": _form(
        "FMATERIALID", "FModifyDate",
        "FNumber FName FSpecification FMaterialGroup.FNumber FBaseUnitId.FName FErpClsID FFixLeadTime FSafeStock FForbidStatus "
        "FDocumentStatus FApproveDate",
    ),
    "ENG_BOM": _form(
        "FID FTreeEntity_FENTRYID", "FModifyDate",
        "FNumber FMATERIALID.FNumber FMATERIALIDCHILD.FNumber FNUMERATOR FDENOMINATOR FSCRAPRATE FDocumentStatus FApproveDate",
    ),
}  # fmt: skip
