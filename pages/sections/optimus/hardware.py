"""4.2: published trainings that reach an accuracy after the same epochs on different hardware."""

from pages.parts.data import cached_query
from pages.parts.figure import figure
from pages.parts.origin import Origin
from pages.sections.optimus import charts
from store.optimus import published


def same_epochs() -> None:
    """Epoch against hours at 92 % of the DAWNBench entries that trained a network on several devices."""
    rows, found = cached_query(published.dawnbench), cached_query(published.same_epochs)
    if rows.empty:
        return
    most = found.loc[found["entries"].idxmax()]
    figure(
        charts.same_epochs(),
        title=f"Hardware changes hours, not epochs: {most['network']} reaches 92 % at epoch {most['least']} to "
        f"{most['most']} in all {most['entries']} entries, in {most['hours_least']:.1f} to {most['hours_most']:.0f} "
        "hours",
        alt_text="First epoch at 92 % against the hours by then, on different hardware",
        origins=[Origin("published", None, "DAWNBench")],
        caption="Stanford's DAWNBench, CIFAR-10: entries whose network was trained for as many epochs on several "
        "devices. Entries that changed the schedule with the hardware are left aside. The two frameworks and, for "
        "ResNet-164, two kinds of blocks differ as well, and move the epoch by one or two.",
        data=rows,
    )
