"""Sentences that the captions of several figures share."""

import pandas as pd


def over_seeds(rows: pd.DataFrame, bars: str = "bars") -> str:
    """Over how many seeds the rows, which have a column `seeds`, are means, and what the bars show."""
    least, most = int(rows["seeds"].min()), int(rows["seeds"].max())
    return f"Means over {least if least == most else f'{least} to {most}'} seeds, {bars} from the least to the most."


def pool_line(pool: float | None) -> str:
    """What the dotted line at the images of a class in the pool means; empty where `pool`, their number, is unknown."""
    return (
        f"Dotted: the {pool:,.0f} images that the pool has of a class; for a larger K wrong labels are certain."
        if pool
        else ""
    )
