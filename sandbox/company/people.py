"""Who sells: departments, managers, seats of reps, who holds each seat when, and the reorganisation each 1 January.

Comes in: the span, the number of seats, a seed. Goes out: a `Staff` that says who owns what when, and the notes of
DepartmentObj and PersonnelObj.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

import numpy as np

from sandbox.company import habits
from sandbox.company.names import REGIONS, person_name
from sandbox.company.patches import SYSTEM, Note
from sandbox.company.seasons import Span, instant

TEAMS_OF_REGION = [3, 3, 3, 2, 2, 1]
TEAM_HOME = [region for region, teams in enumerate(TEAMS_OF_REGION) for _ in range(teams)]
TEAM_CODES = [f"D{region + 1}0{number + 1}" for region, teams in enumerate(TEAMS_OF_REGION) for number in range(teams)]
REGION_CODES = [f"D{region + 1}0" for region in range(len(TEAMS_OF_REGION))]
LEAVING_PER_YEAR = 0.223  # a rate: 20 % of reps leave within a year
FIRST_REP = 1000 + 1 + len(REGION_CODES) + len(TEAM_CODES)


@dataclass(slots=True)
class Person:
    """One rep: days are ordinals; `skill` shifts log-odds and is served by no API, the rest are typing habits."""

    user_id: str
    name: str
    seat: int
    hired: int
    left: int
    skill: float
    optimism: float
    diligence: float
    bursts: bool


@dataclass(slots=True)
class Staff:
    """Seats, their holders in order, and which team and region they stand in on a day."""

    span: Span
    holders: list[list[Person]]
    potential: list[float]
    seat_teams: list[list[tuple[int, int]]]
    team_regions: list[list[tuple[int, int]]]
    by_index: list[Person] = field(default_factory=list)

    def team(self, seat: int, ordinal: int) -> int:
        """The team in which a seat stands on a day."""
        return _at(self.seat_teams[seat], ordinal)

    def region(self, team: int, ordinal: int) -> int:
        """The region that a team reports to on a day."""
        return _at(self.team_regions[team], ordinal)

    def holder(self, seat: int, ordinal: int) -> Person:
        """Who holds a seat's deals on a day: its holder or, while it is empty, the next team mate, or anybody."""
        seats = [seat, *self.mates(seat, ordinal), *range(len(self.holders))]
        present: Iterator[Person] = (p for s in seats for p in self.holders[s] if p.hired <= ordinal < p.left)
        return next(present)

    def mates(self, seat: int, ordinal: int) -> list[int]:
        """The other seats of a seat's team on a day, nearest first."""
        team, count = self.team(seat, ordinal), len(self.holders)
        others = [(seat + step) % count for step in range(1, count)]
        return [other for other in others if self.team(other, ordinal) == team]

    def boss(self, seat: int, ordinal: int) -> str:
        """The user id of the manager of a seat's team."""
        return team_manager(self.team(seat, ordinal))

    def book(self, seat: int, born: int, dice: Random) -> list[tuple[int, int]]:
        """Who owns a deal from a day on: (day, index into `by_index`), a new entry whenever its owner leaves."""
        owner, owners = self.holder(seat, born), []
        owners.append((born, int(owner.user_id) - FIRST_REP))
        while owner.left < self.span.end and len(owners) < 5:
            mates = [seat, *self.mates(owner.seat, owner.left)]
            owner, day = self.holder(mates[int(dice.random() * len(mates))], owner.left), owner.left
            if owner.left <= day:
                break
            owners.append((day, int(owner.user_id) - FIRST_REP))
        return owners


def _at(history: list[tuple[int, int]], ordinal: int) -> int:
    return history[max(0, bisect_right(history, (ordinal, 1 << 40)) - 1)][1]


def team_manager(team: int) -> str:
    """The user id of a team's manager; managers stay."""
    return str(1001 + len(REGION_CODES) + team)


def hire(span: Span, seats: int, seed: int) -> Staff:
    """The whole staff of a span: every holder of every seat, drawn once."""
    rng = np.random.default_rng([seed, 11])
    teams = [[(span.origin, seat % len(TEAM_CODES))] for seat in range(seats)]
    regions = [[(span.origin, region)] for region in TEAM_HOME]
    potential = [float(x) for x in np.exp(rng.normal(0, 0.25, seats))]
    holders = [list(_holders(span, seat, Random(seed * 7919 + seat))) for seat in range(seats)]
    staff = Staff(span, holders, potential, teams, regions)
    _reorganise(staff, rng)
    staff.by_index = sorted((p for seat in holders for p in seat), key=lambda p: (p.hired, p.seat))
    for number, person in enumerate(staff.by_index):
        person.user_id = str(FIRST_REP + number)
    seat = next(seat for seat in range(seats) if staff.mates(seat, span.day))
    for one in (seat, staff.mates(seat, span.day)[0]):
        staff.holder(one, span.day).name = "张伟"
    return staff


def _holders(span: Span, seat: int, dice: Random) -> Iterator[Person]:
    hired = span.origin - 400 - int(dice.random() * 500)
    first = True
    while hired < span.end:
        since = span.origin if first else hired + 60  # nobody leaves before two months
        left = since + int(dice.expovariate(LEAVING_PER_YEAR) * 365.25)
        left += (0, 0, 0, 0, 0, 2, 1)[date.fromordinal(left).weekday()]
        yield Person(
            "", person_name(dice), seat, hired, left,
            skill=dice.gauss(0, 0.28), optimism=dice.gauss(4, 9),
            diligence=2.0 ** dice.gauss(0, 0.4), bursts=dice.random() < habits.BURST_REP_SHARE,
        )  # fmt: skip
        hired, first = left + 3 + int(dice.random() * 35), False


def _reorganise(staff: Staff, rng: np.random.Generator) -> None:
    for day in new_years(staff.span):
        team = int(rng.integers(len(TEAM_CODES)))
        home = _at(staff.team_regions[team], day)
        staff.team_regions[team].append((day, int((home + rng.integers(1, len(REGION_CODES))) % len(REGION_CODES))))
        for seat in rng.choice(len(staff.holders), max(1, len(staff.holders) // 20), replace=False):
            team = (_at(staff.seat_teams[seat], day) + int(rng.integers(1, len(TEAM_CODES)))) % len(TEAM_CODES)
            staff.seat_teams[seat].append((day, team))


def new_years(span: Span) -> list[int]:
    """Every 1 January inside the window and beyond it: the days of a reorganisation."""
    years = range(date.fromordinal(span.start).year, date.fromordinal(span.end).year + 1)
    return [day for day in (date(year, 1, 1).toordinal() for year in years) if span.start < day < span.end]


def department_notes(staff: Staff) -> Iterator[Note]:
    """DepartmentObj: the company, its regions and teams, and each team that a reorganisation moves."""
    born = instant(staff.span.origin - 1000, 28_800)
    rows: list[tuple[str, str, str | None, str, str]] = [("D0", "云岭智造", None, "company", "1000")]
    rows += [(c, f"{REGIONS[i]}大区", "D0", "region", str(1001 + i)) for i, c in enumerate(REGION_CODES)]
    rows += [
        (code, f"{REGIONS[TEAM_HOME[i]]}销售{i + 1}部", REGION_CODES[TEAM_HOME[i]], "team", team_manager(i))
        for i, code in enumerate(TEAM_CODES)
    ]
    for code, name, parent, kind, manager in rows:
        fields: dict[str, Any] = {"name": name, "dept_kind__c": kind, "manager_id": [manager], "status": "0"}
        fields |= {"parent_id": [parent] if parent else None, "life_status": "normal", "create_time": born}
        yield Note(born, "DepartmentObj", code, "create", {k: v for k, v in fields.items() if v is not None})
    for team, history in enumerate(staff.team_regions):
        for day, region in history[1:]:
            yield Note(
                instant(day, 600), "DepartmentObj", TEAM_CODES[team], "update", {"parent_id": [REGION_CODES[region]]}
            )


def personnel_notes(staff: Staff, seed: int) -> Iterator[Note]:
    """PersonnelObj: managers and reps, who leaves (status 1), who changes team."""
    dice = Random(seed * 31 + 5)
    places = ["D0", *REGION_CODES, *TEAM_CODES]
    for number, place in enumerate(places):
        yield _joins(str(1000 + number), person_name(dice), place, "manager", staff.span.origin - 1000)
    for person in staff.by_index:
        home = TEAM_CODES[staff.team(person.seat, person.hired)]
        yield _joins(person.user_id, person.name, home, "rep", person.hired)
        for day, team in staff.seat_teams[person.seat][1:]:
            if person.hired < day < person.left:
                moved: dict[str, Any] = {"main_department": [TEAM_CODES[team]]}
                yield Note(instant(day, 900), "PersonnelObj", person.user_id, "update", moved)
        yield Note(instant(person.left, 64_800), "PersonnelObj", person.user_id, "update", {"status": "1"})


def _joins(user_id: str, name: str, department: str, position: str, hired: int) -> Note:
    born = instant(hired, 30_000)
    fields: dict[str, Any] = {"user_id": user_id, "full_name": name, "phone": f"13{int(user_id) * 7919 % 10**9:09d}"}
    fields |= {"status": "0", "main_department": [department], "position__c": position}
    fields |= {"life_status": "normal", "create_time": born}
    return Note(born, "PersonnelObj", user_id, "create", fields, SYSTEM)
