"""Sets with one row per case, known at its beginning and judged by its end: hotel, maven, bank, xeducation, ibm.

Ordered in time; the newest quarter is the test. Columns that are filled at or after the outcome are left out (the README of the data
names them).
"""

from pathlib import Path

import numpy as np
import pandas as pd

from bench.cases import Cases, Ints, Mask, read, typed

TEST_SHARE = 0.25
ONE_YEAR = 365  # days that a set with an order but without dates is spread over
EPOCH = pd.Timestamp("1970-01-01")
HOTEL_TEXTS = (
    *("Meal", "MarketSegment", "DistributionChannel", "ReservedRoomType", "DepositType", "Agent", "Company"),
    "CustomerType",
)
HOTEL_NUMBERS = (
    *("LeadTime", "ArrivalDateWeekNumber", "StaysInWeekendNights", "StaysInWeekNights", "Adults", "Children", "Babies"),
    *("IsRepeatedGuest", "PreviousCancellations", "PreviousBookingsNotCanceled", "ADR", "TotalOfSpecialRequests"),
)


def hotel(data: Path) -> Cases:
    """Resort hotel: does a booking, as it was made, end in a stay?"""
    raw = read(data / "hotel_bookings" / "resort_hotel.csv.gz")
    arrival = arrivals(raw)
    booked = (arrival - EPOCH).dt.days - raw["LeadTime"]
    kept = [*HOTEL_TEXTS, *HOTEL_NUMBERS]
    return _flat(
        "hotel", raw[kept], HOTEL_TEXTS, _days(booked), raw["IsCanceled"].to_numpy() == 0, ("MarketSegment", "LeadTime")
    )


def arrivals(raw: pd.DataFrame) -> pd.Series:
    """The day of arrival of each booking."""
    year, day = raw["ArrivalDateYear"].astype(str), raw["ArrivalDateDayOfMonth"].astype(str)
    return pd.to_datetime(year + "-" + raw["ArrivalDateMonth"] + "-" + day, format="%Y-%B-%d")


def maven(data: Path) -> Cases:
    """Maven CRM: is an opportunity, as it was opened, won?"""
    folder = data / "maven_crm"
    raw = read(folder / "sales_pipeline.csv.gz")
    raw = raw[raw["deal_stage"].isin(["Won", "Lost"])]
    raw = raw.assign(product=raw["product"].replace("GTXPro", "GTX Pro"))
    raw = raw.merge(read(folder / "accounts.csv"), on="account", how="left")
    raw = raw.merge(read(folder / "products.csv"), on="product", how="left")
    raw = raw.merge(read(folder / "sales_teams.csv"), on="sales_agent", how="left")
    opened = (pd.to_datetime(raw["engage_date"]) - EPOCH).dt.days
    texts = (
        "sales_agent",
        "product",
        "account",
        "sector",
        "office_location",
        "series",
        "manager",
        "regional_office",
    )
    kept = [*texts, "revenue", "employees", "year_established", "sales_price"]
    return _flat(
        "maven",
        raw[kept],
        texts,
        _days(opened),
        raw["deal_stage"].to_numpy() == "Won",
        ("sales_agent", "sales_price"),
    )


def bank(data: Path) -> Cases:
    """Bank marketing: does a call, before it is made, end in a sale? Dates are rebuilt from the order of the months, from May 2008 on."""
    raw = read(data / "bank_marketing" / "contacts.csv.gz")
    month = pd.to_datetime(raw["month"], format="%b").dt.month
    year = 2008 + (month < month.shift()).cumsum()
    first = pd.to_datetime(pd.DataFrame({"year": year, "month": month, "day": 1}))
    place = raw.groupby(first).cumcount() / raw.groupby(first)["y"].transform("size")
    day = (first - EPOCH).dt.days + np.floor(28 * place)
    texts = (
        "job",
        "marital",
        "education",
        "default",
        "housing",
        "loan",
        "contact",
        "month",
        "day_of_week",
        "poutcome",
    )
    kept = raw.drop(columns=["y", "duration"])
    return _flat("bank", kept, texts, _days(day), raw["y"].to_numpy() == "yes", ("poutcome", "campaign"))


def xeducation(data: Path) -> Cases:
    """X Education: is a lead converted?"""
    raw = read(data / "xeducation_leads" / "Leads.csv.gz").sort_values("Lead Number", ignore_index=True)
    late = [column for column in raw.columns.astype(str) if column.startswith(("Asymmetrique", "Unnamed"))]
    late += ["Tags", "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity"]
    kept = raw.drop(columns=["Prospect ID", "Lead Number", "Converted", *late])
    numbers = ("TotalVisits", "Total Time Spent on Website", "Page Views Per Visit")
    texts = tuple(column for column in kept.columns.astype(str) if column not in numbers)
    return _flat(
        "xeducation",
        kept,
        texts,
        _places(len(raw)),
        raw["Converted"].to_numpy() == 1,
        ("Lead Source", "Total Time Spent on Website"),
    )


def ibm(data: Path) -> Cases:
    """IBM win/loss: is an opportunity, as it was opened, won?"""
    raw = read(data / "ibm_winloss" / "WA_Fn-UseC_-Sales-Win-Loss.csv.gz").sort_values(
        "Opportunity Number", ignore_index=True
    )
    texts = ("Supplies Subgroup", "Supplies Group", "Region", "Route To Market", "Competitor Type")
    kept = [
        *texts,
        "Opportunity Amount USD",
        "Client Size By Revenue",
        "Client Size By Employee Count",
        "Revenue From Client Past Two Years",
        "Deal Size Category",
    ]
    return _flat(
        "ibm",
        raw[kept],
        texts,
        _places(len(raw)),
        raw["Opportunity Result"].to_numpy() == "Won",
        ("Route To Market", "Opportunity Amount USD"),
    )


def _days(days: pd.Series) -> Ints:
    return days.to_numpy(dtype=np.int64)


def _places(n: int) -> Ints:
    return (np.arange(n) * ONE_YEAR // n).astype(np.int64)


def _flat(name: str, frame: pd.DataFrame, texts: tuple[str, ...], day: Ints, won: Mask, by: tuple[str, str]) -> Cases:
    order = np.argsort(day, kind="stable")
    day = day[order]
    border = int(day[int(len(day) * (1 - TEST_SHARE))])
    return Cases(
        name=name,
        note=f"{len(day)} cases in order, the newest quarter tested",
        features=typed(frame.iloc[order].reset_index(drop=True), texts),
        texts=texts,
        case=np.arange(len(day)),
        day=day,
        closed=(day + 1).astype(np.float64),
        is_won=won[order],
        train=day < border,
        test=day >= border,
        horizon=1,
        stage=by[0],
        days=by[1],
    )
