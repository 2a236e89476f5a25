"""Learning-rate schedules as pure functions of the step."""

DROP_FACTOR = 0.1  # of the learning rate at each milestone, as the assignment asks


def multi_step(step: int, *, lr: float, milestones: tuple[int, ...], gamma: float = DROP_FACTOR) -> float:
    """The learning rate of step `step` (from 0): `lr`, times `gamma` for every milestone that has been reached.

    Rounded to 12 digits, so that 0.1 dropped by 0.1 is 0.01 and groups with the 0.01 of another run.
    """
    return float(f"{lr * gamma ** segment(step, milestones):.12g}")


def segment(step: int, milestones: tuple[int, ...]) -> int:
    """The number of `milestones` (steps, ascending) at or before `step`: the 0-based piece of the schedule that it is
    in.
    """
    return sum(step >= milestone for milestone in milestones)


def milestones_at(fractions: tuple[float, ...], total: int) -> tuple[int, ...]:
    """Fractions of a training as whole epochs (or steps) of `total`: half and three quarters of 350 are 175 and 262."""
    return tuple(int(total * fraction) for fraction in fractions)
