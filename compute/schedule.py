"""Learning-rate schedules as pure functions of the step."""


def multi_step(step: int, *, lr: float, drops: tuple[int, ...], gamma: float = 0.1) -> float:
    """The learning rate of step `step` (from 0): `lr`, times `gamma` for every drop that has been reached.

    Rounded to 12 digits, so that 0.1 dropped by 0.1 is 0.01 and groups with the 0.01 of another run.
    """
    return float(f"{lr * gamma ** segment(step, drops):.12g}")


def segment(step: int, drops: tuple[int, ...]) -> int:
    """How many of `drops` (steps, ascending) lie at or before `step`; the 0-based piece of the schedule it is in."""
    return sum(step >= drop for drop in drops)


def drops_at(fractions: tuple[float, ...], total: int) -> tuple[int, ...]:
    """Fractions of a training as whole epochs (or steps) of `total`: half and three quarters of 350 are 175 and 262."""
    return tuple(int(total * fraction) for fraction in fractions)
