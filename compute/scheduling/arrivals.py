"""When jobs arrive (section 6.1 and 6.3): seconds from 0, in order."""

import numpy as np


def uniform(rng: np.random.Generator, jobs: int, span_s: float) -> np.ndarray:
    """So many jobs, uniform over the span."""
    return np.sort(rng.uniform(0, span_s, jobs))


def poisson(rng: np.random.Generator, per_interval: float, span_s: float, interval_s: float) -> np.ndarray:
    """A Poisson process with a mean of so many jobs an interval; the number of jobs is random, at least 1."""
    return uniform(rng, max(1, int(rng.poisson(per_interval * span_s / interval_s))), span_s)


def bursty(rng: np.random.Generator, jobs: int, span_s: float, interval_s: float, shape: float = 0.5) -> np.ndarray:
    """So many jobs in bursts, as production traces have them: each interval has a rate of its own, gamma-distributed.

    The variance of the rates is 1/`shape` times their mean squared: at 0.5 most intervals are nearly
    empty, and a few bring a tenth of the jobs each.
    """
    rates = rng.gamma(shape, size=max(1, round(span_s / interval_s)))
    which = rng.choice(len(rates), size=jobs, p=rates / rates.sum())
    return np.sort((which + rng.uniform(size=jobs)) * span_s / len(rates))
