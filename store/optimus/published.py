"""Published trainings to the same accuracy on different hardware (Stanford's DAWNBench), for question 4.2."""

import pandas as pd

from store.reader import Reader


def dawnbench(reader: Reader) -> pd.DataFrame:
    """The DAWNBench entries on CIFAR-10 of networks that were trained for as many epochs on several devices.

    Epoch and hours at 92 % test accuracy; entries with a schedule of another length are left aside.
    """
    return reader.df("""
        SELECT network, variant, device, framework, epoch_at_92 AS epoch, hours_at_92 AS hours, entry
        FROM dawnbench_cifar10
        WINDOW same_schedule AS (PARTITION BY network, epochs_logged)
        QUALIFY min(device) OVER same_schedule <> max(device) OVER same_schedule
        ORDER BY network, hours DESC
    """)


def same_epochs(reader: Reader) -> pd.DataFrame:
    """By network the entries, the number of devices, the first and last epoch at 92 %, and the ratio of hours."""
    return (
        dawnbench(reader)
        .groupby("network", as_index=False)
        .agg(
            entries=("entry", "size"),
            devices=("device", "nunique"),
            least=("epoch", "min"),
            most=("epoch", "max"),
            hours_least=("hours", "min"),
            hours_most=("hours", "max"),
        )
    )


def hours_by_device(reader: Reader) -> pd.DataFrame:
    """By network and device the fewest and most hours to 92 %."""
    return (
        dawnbench(reader)
        .groupby(["network", "device"], as_index=False)
        .agg(least=("hours", "min"), most=("hours", "max"))
    )
