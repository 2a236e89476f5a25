"""What captions say of the seeds that a figure is made of."""

import pandas as pd


def over(rows: pd.DataFrame, bars: str = "bars") -> str:
    """Over how many seeds the rows, which have a column `seeds`, are means, and what the bars show."""
    least, most = int(rows["seeds"].min()), int(rows["seeds"].max())
    return f"Means over {least if least == most else f'{least} to {most}'} seeds, {bars} from the least to the most."
