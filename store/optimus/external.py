"""How the loss model fares on trainings that others ran and published: facts derived from their logs."""

import pandas as pd

from store.reader import Reader

DEPTH_LIMIT = 1.5  # a depth of more than so many times the deepest that was regressed is far outside


def external(reader: Reader) -> pd.DataFrame:
    """One row a log: what it is, RMSE of one curve and of curves between drops, and the errors of the predictions.

    RMSE in units of ln(classes). `forecast_percent` is Eq. 1's error from 40 % of the constant-rate piece to its end,
    `mean_percent` that of the mean of the last tenth, `inside` whether Eq. 1's 95 % band held the truth;
    `depth_largest_percent` and `depth_guess_percent` are errors of the curve predicted from depths 20, 32 and 44.
    NULL where a log does not take part.
    """
    return reader.df("""
        WITH errors AS (
            SELECT log,
                   any_value(error_percent) FILTER (test = 'forecast' AND method = 'Eq. 1') AS forecast_percent,
                   any_value(inside) FILTER (test = 'forecast' AND method = 'Eq. 1') AS inside,
                   any_value(error_percent) FILTER (test = 'forecast' AND method LIKE 'mean%') AS mean_percent,
                   any_value(error_percent) FILTER (test = 'depth' AND method = 'largest loss')
                       AS depth_largest_percent,
                   any_value(error_percent) FILTER (test = 'depth' AND method = 'ln(classes)') AS depth_guess_percent,
                   any_value(beyond) AS beyond
            FROM external_errors GROUP BY log),
        fits AS (
            SELECT log, any_value(rmse) FILTER (segment = 'all') AS one_curve,
                   sqrt(sum(rmse ** 2 * points) FILTER (segment <> 'all') / sum(points) FILTER (segment <> 'all'))
                       AS between_drops
            FROM external_fits WHERE normalised_by = 'ln(classes)' GROUP BY log)
        SELECT 'ResNet-' || depth AS network, source, licence, schedule, replace(drops, ' ', ', ') AS drops,
               one_curve, CASE WHEN drops IS NOT NULL THEN between_drops END AS between_drops,
               forecast_percent, inside, mean_percent, depth_guess_percent, depth_largest_percent, beyond,
               a.epochs_to_92, a.last_accuracy_percent, log
        FROM external_logs LEFT JOIN fits USING (log) LEFT JOIN errors USING (log)
             LEFT JOIN (SELECT * EXCLUDE (source, confidence) FROM external_accuracy) AS a USING (log)
        ORDER BY depth, source
    """)


def summary(reader: Reader) -> pd.DataFrame:
    """One row, or none: the errors over all logs; percentages are absolute ones.

    `depths` counts the predictions up to DEPTH_LIMIT times the deepest network that was regressed, `far` is the error
    of those beyond it (NULL: none).
    """
    rows = external(reader)
    judged, deep = rows.dropna(subset=["forecast_percent"]), rows.dropna(subset=["depth_guess_percent"])
    if judged.empty or deep.empty:
        return pd.DataFrame()
    near, far = deep[deep["beyond"] <= DEPTH_LIMIT], deep[deep["beyond"] > DEPTH_LIMIT]
    size = judged["forecast_percent"].abs()
    return pd.DataFrame(
        {
            "logs": [len(rows)],
            "sources": rows["source"].nunique(),
            "forecasts": len(judged),
            "forecast_percent": size.median(),
            "forecast_worst_percent": size.max(),
            "mean_percent": judged["mean_percent"].abs().median(),
            "inside": int(judged["inside"].sum()),
            "one_curve": judged["one_curve"].median(),
            "between_drops": judged["between_drops"].median(),
            "depths": len(near),
            "guess_low": near["depth_guess_percent"].min(),
            "guess_high": near["depth_guess_percent"].max(),
            "largest_low": near["depth_largest_percent"].min(),
            "largest_high": near["depth_largest_percent"].max(),
            "far_network": far["network"].iloc[-1] if len(far) else None,
            "far": far["depth_guess_percent"].max(),
        }
    )
