"""What the part of the year does to new business: factors drawn towards 1, used only where the past bears them out.

In: what came in over the same part of past periods, oldest first, the newest being the period before the present one. Out: the factor that
takes each of them to the present part of the year, all 1 where none is used. A part of the year is a period's place among the four of its
year: Spring Festival and a year's last rush fall into the same part every year, whatever the calendar calls it. The factor of a part is the
mean ratio of its periods to the level, by empirical Bayes: the noisier periods of one part are, the nearer to 1.
"""

import numpy as np

from ml.dataset import Floats, Ints

PARTS = 4  # of a year
SWING = 0.25  # by how much parts of a year differ, relatively, before any is seen
NOISE, NOISE_PERIODS = (
    0.35,
    4.0,
)  # by how much periods of one part differ, and how many periods' worth of belief in that
FEWEST_TESTS = 2  # past periods foretold with and without
GAIN = 0.1  # of the error without: less is chance, of which a dozen periods have much
ROUNDS = 20  # level and factors are fitted in turn


def to_now(past: Floats, weights: Floats) -> Floats:
    """(periods,) what each past period is to be multiplied by; `weights` are the recency of each."""
    still = np.ones(len(past))
    errors = np.array([_errors(past[:end], weights[:end], past[end]) for end in range(PARTS, len(past))])
    if len(errors) < FEWEST_TESTS:
        return still
    flat, seasonal = errors.T
    if seasonal.sum() > (1 - GAIN) * flat.sum() or 2 * (seasonal < flat).sum() <= len(errors):
        return still
    part = _parts(len(past))
    factors = _factors(past, weights, part)
    return np.asarray(factors[0] / factors[part])


def _errors(past: Floats, weights: Floats, came: float) -> tuple[float, float]:
    """How far the level was off from the period after `past`, without a season and with."""
    part = _parts(len(past))
    factors = _factors(past, weights, part)
    plain, seasonal = np.average(past, weights=weights), np.average(past / factors[part], weights=weights) * factors[0]
    return abs(float(plain) - came), abs(float(seasonal) - came)


def _parts(periods: int) -> Ints:
    """The part of the year of each past period; that of the present one is 0."""
    return np.arange(periods, 0, -1) % PARTS


def _factors(past: Floats, weights: Floats, part: Ints) -> Floats:
    """(PARTS,) factors with a mean of 1."""
    factors = np.ones(PARTS)
    seen = np.bincount(part, minlength=PARTS)
    for _ in range(ROUNDS):
        level = float(np.average(past / factors[part], weights=weights))
        if level <= 0:
            return np.ones(PARTS)
        ratio = past / level
        mean = np.bincount(part, ratio, minlength=PARTS) / np.maximum(seen, 1)
        apart = float(((ratio - mean[part]) ** 2).sum())
        noise = (NOISE_PERIODS * NOISE**2 + apart) / (NOISE_PERIODS + float(np.maximum(seen - 1, 0).sum()))
        factors = (1 / SWING**2 + seen * mean / noise) / (1 / SWING**2 + seen / noise)
        factors = factors / factors.mean()
    return np.asarray(factors)
