"""Confidence intervals, as SQL."""

# half the width of a normal 95 % interval, in standard deviations
Z = 1.959964
# Student's t: the 97.5 % quantile for the mean of 2, 3, … values, with one degree of freedom less
QUANTILES = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)


def half_width(value: str) -> str:
    """Half the width of the 95 % interval of the mean of a column over a group's rows; NULL for fewer than two, and a
    little wide for more than eleven.
    """
    cases = " ".join(f"WHEN {n} THEN {t}" for n, t in enumerate(QUANTILES, start=2))
    return f"stddev_samp({value}) / sqrt(count({value})) * CASE count({value}) {cases} ELSE {QUANTILES[-1]} END"


def wilson_low(correct: str, images: str) -> str:
    """The lower bound, from 0 to 1, of Wilson's 95 % interval of a share `correct` of `images`."""
    return _wilson(correct, images, "-")


def wilson_high(correct: str, images: str) -> str:
    """The upper bound, from 0 to 1, of Wilson's 95 % interval of a share `correct` of `images`."""
    return _wilson(correct, images, "+")


def _wilson(correct: str, images: str, sign: str) -> str:
    root = f"{Z} * sqrt({correct} * ({images} - {correct}) / {images} + {Z**2 / 4})"
    return f"({correct} + {Z**2 / 2} {sign} {root}) / ({images} + {Z**2})"
