"""What the company makes, buys and keeps: materials, bills of material, weekly purchases, and the stock of a day.

Goes out: lines of BD_MATERIAL, ENG_BOM and PUR_PurchaseOrder from the window's start on, and rows of STK_Inventory for one day.
"""

from dataclasses import dataclass
from random import Random

from sandbox.erp.lines import Line, Row, approved, bill, day_text, office, yuan

STOCKS = {"CK001": "成品仓", "CK002": "原料仓"}
ORGANISATION = "100"
SHORT, OVERSTOCKED = "M-2003", "M-2006"  # planted: two days of stock, and two years


@dataclass(frozen=True, slots=True)
class Material:
    """One material: group (product line, or `part` when bought), price with tax in yuan, lead time in days, safety stock."""

    number: str
    name: str
    group: str
    unit: str
    price: int
    lead_days: int
    safety: int
    tax: int = 13

    @property
    def is_bought(self) -> bool:
        """Whether it is bought rather than made."""
        return self.group == "part"


MATERIALS = [
    Material("M-1001", "数控压力机 YL-200", "eq_press", "台", 260_000, 45, 3),
    Material("M-1002", "数控压力机 YL-80", "eq_press", "台", 98_000, 35, 4),
    Material("M-1003", "上料机器人 R6", "eq_robot", "台", 150_000, 40, 3),
    Material("M-1004", "码垛机器人 R20", "eq_robot", "台", 230_000, 50, 2),
    Material("M-1005", "MES 标准版许可", "sw_mes", "套", 88_000, 0, 0),
    Material("M-1006", "MES 工位授权", "sw_mes", "点", 1_200, 0, 0),
    Material("M-1007", "物联网关 G1", "sw_iot", "台", 4_600, 15, 40),
    Material("M-1008", "设备云平台年费", "sw_iot", "年", 36_000, 0, 0),
    Material("M-1009", "年度保养服务", "pt_service", "次", 12_000, 0, 0, 6),
    Material("M-1010", "备件包 A", "pt_service", "套", 3_800, 10, 60),
    Material("M-2001", "伺服电机 3kW", "part", "台", 5_200, 21, 80),
    Material("M-2002", "液压站", "part", "套", 18_000, 30, 20),
    Material(SHORT, "减速机 RV-40", "part", "台", 7_400, 20, 60),
    Material("M-2004", "控制柜", "part", "台", 9_600, 14, 30),
    Material("M-2005", "滚珠丝杠", "part", "根", 2_100, 18, 90),
    Material(OVERSTOCKED, "旧型号机架", "part", "件", 1_500, 25, 10),
]
GROUPS = {
    "eq_robot": "EQ-ROBOT",
    "pt_service": "备件与服务",
}  # groups that the ERP's clerks spell otherwise than the CRM
SUPPLIERS = {"SUP001": "宁波海天液压有限公司", "SUP002": "苏州精工传动股份有限公司"}
BOMS: dict[str, dict[str, int]] = {
    "M-1001": {"M-2001": 2, "M-2002": 1, "M-2004": 1, "M-2006": 1},
    "M-1002": {"M-2001": 1, "M-2002": 1, "M-2004": 1},
    "M-1003": {"M-2001": 3, "M-2003": 6, "M-2004": 1},
    "M-1004": {"M-2001": 4, "M-2003": 6, "M-2005": 2, "M-2004": 1},
}
PURCHASE_EVERY_DAYS = 28


def of_line(product_line: str) -> list[Material]:
    """The materials that a product line sells."""
    return [material for material in MATERIALS if material.group == product_line]


def master(start: int) -> list[Line]:
    """Materials and bills of material, all entered on the day before the window's start (an ordinal)."""
    dice, lines = Random(f"master {start}"), []
    for place, material in enumerate(MATERIALS):
        at = office(start - 1, dice)
        fields: Row = {
            "FMATERIALID": 9000 + place, "FNumber": material.number, "FName": material.name, "FSpecification": None,
            "FMaterialGroup.FNumber": GROUPS.get(material.group, material.group),
            "FBaseUnitId.FName": material.unit, "FErpClsID": "1" if material.is_bought else "2",
            "FFixLeadTime": material.lead_days, "FSafeStock": float(material.safety), "FForbidStatus": "A",
        }  # fmt: skip
        made = bill("BD_MATERIAL", 9000 + place, approved(at, at + 60_000, fields), [{}])
        lines += [Line(line.form, (9000 + place,), tuple(_without_fid(line))) for line in made]
    for place, (parent, children) in enumerate(BOMS.items()):
        at = office(start - 1, dice)
        header = {"FNumber": f"{parent}_V1.0", "FMATERIALID.FNumber": parent}
        parts = [
            {"FMATERIALIDCHILD.FNumber": child, "FNUMERATOR": float(count), "FDENOMINATOR": 1.0, "FSCRAPRATE": 0.0}
            for child, count in children.items()
        ]
        lines += bill(
            "ENG_BOM", 9500 + place, approved(at, at + 60_000, header), parts, entry_key="FTreeEntity_FENTRYID"
        )
    return lines


def _without_fid(line: Line) -> list[tuple[int, Row]]:
    return [(at, {name: value for name, value in row.items() if name != "FID"}) for at, row in line.versions]


def purchases(start: int, until: int, seed: str) -> list[Line]:
    """A purchase order for each bought material every four weeks, received after its lead time."""
    lines: list[Line] = []
    for place, material in enumerate(material for material in MATERIALS if material.is_bought):
        for number, day in enumerate(range(start + 3 * place, until, PURCHASE_EVERY_DAYS)):
            dice = Random(f"{seed} purchase {material.number} {number}")
            quantity = max(5, round(material.safety * (0.6 + dice.random())))
            due, supplier = day + material.lead_days, list(SUPPLIERS)[place % len(SUPPLIERS)]
            header = {
                "FBillNo": f"CGDD{place}{number:04d}", "FDate": day_text(day), "FCloseStatus": "A",
                "FSupplierId.FNumber": supplier, "FSupplierId.FName": SUPPLIERS[supplier],
            }  # fmt: skip
            entry = {
                "FMaterialId.FNumber": material.number, "FQty": float(quantity), "FStockInQty": 0.0, "FTaxPrice": float(material.price),
                "FAllAmount": yuan(quantity * material.price * 100), "FDeliveryDate": day_text(due),
            }  # fmt: skip
            at = office(day, dice)
            received = office(due + int(dice.random() * 6), dice)
            steps = [
                *approved(at, at + 600_000, header),
                (received, {"FStockInQty": float(quantity), "FCloseStatus": "B"}),
            ]
            fid = 500_000 + place * 10_000 + number
            lines += bill("PUR_PurchaseOrder", fid, steps, [entry], entry_key="FPOOrderEntry_FEntryID")
    return lines


def inventory(day: int, seed: str) -> list[Row]:
    """The stock of a day (an ordinal): what has a lead time is kept, around twice its safety stock, moving from week to week."""
    rows = []
    for place, material in enumerate(MATERIALS):
        if not material.safety:
            continue
        dice = Random(f"{seed} stock {material.number} {day // 7}")
        quantity = float(round(material.safety * (1.2 + 1.6 * dice.random())))
        quantity = {SHORT: 4.0, OVERSTOCKED: 2400.0}.get(material.number, quantity)
        stock = "CK002" if material.is_bought else "CK001"
        rows.append(
            {
                "FID": f"5f00c0de-0000-4000-8000-{place:012d}", "FMaterialId.FNumber": material.number,
                "FMaterialId.FName": material.name, "FStockId.FNumber": stock, "FStockId.FName": STOCKS[stock],
                "FStockOrgId.FNumber": ORGANISATION, "FBaseQty": quantity, "FBaseUnitId.FName": material.unit, "FLot.FNumber": None,
            }
        )  # fmt: skip
    return rows
