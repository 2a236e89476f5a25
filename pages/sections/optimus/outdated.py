"""What is to be made anew, said on the pages of Problem 4."""

from compute.core.experiments import EXPERIMENTS
from pages.parts.data import cached_query, missing
from store.optimus import trainings


def notice() -> None:
    """Name the commands that make fit, prediction and plan anew where they are older than the trainings shown."""
    jobs = cached_query(trainings.outdated)
    if len(jobs) and cached_query(trainings.shown):
        missing(
            "The trainings shown are newer than what was computed from them; the written answers wait for it.",
            " && ".join(EXPERIMENTS[f"optimus/{job}"].command_line for job in jobs),
        )
