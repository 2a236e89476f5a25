"""Which scale of an experiment a figure shows: the largest one that is as complete as any.

The same rule in Python is `compute.core.scales.most_complete_scale`; a test holds them to each other.
"""


def at_complete_scale(rows: str, *, variant: str, within: str = "true") -> str:
    """SQL of the `rows` (a query with a column `scale`) at the scale that has the most variants; of equal ones the
    largest.

    `variant` is an expression for what has to be there (a rate, a K and P, with its seed where repetitions count);
    scales are chosen apart for each value of the expression `within`. A first run at a larger scale so hides nothing.
    """
    return f"""
        SELECT * EXCLUDE (variants) FROM (SELECT *, count(DISTINCT {variant}) OVER (PARTITION BY {within},
               scale) AS variants FROM ({rows}))
        QUALIFY {{'variants': variants, 'scale': scale}} = max({{'variants': variants, 'scale': scale}})
            OVER (PARTITION BY {within})
    """
