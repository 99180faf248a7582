"""Where new business falls: a seat for each lead and deal, by the seat's potential and its region's shock on the day."""

import numpy as np

from sandbox.company.people import Staff
from sandbox.company.process import Weather
from sandbox.company.seasons import Ints

SHOCK_ON_BIRTHS = 0.6


def seats_drawn(staff: Staff, sky: Weather, born: Ints, rng: np.random.Generator) -> Ints:
    """A seat for each day index: by potential, and by the shock that the seat's region has on that day."""
    weights = np.array(staff.potential)[:, None] * np.exp(SHOCK_ON_BIRTHS * sky.shock[home_regions(staff)])
    cumulative = weights.cumsum(axis=0) / weights.sum(axis=0)
    drawn: Ints = (rng.random(len(born))[None, :] > cumulative[:, born]).sum(axis=0).clip(0, len(staff.holders) - 1)
    return drawn


def home_regions(staff: Staff) -> Ints:
    """The customers' region of each seat: where its first team stood at the beginning."""
    return np.array([staff.team_regions[teams[0][1]][0][1] for teams in staff.seat_teams])
