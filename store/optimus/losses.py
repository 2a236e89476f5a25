"""The loss models fitted to the trainings, and what those would have forecast."""

import pandas as pd

from compute.core.vocabulary import HELD_OUT_DEPTH
from store.optimus.trainings import compared_scale, of_latest
from store.reader import Reader

# as in the paper: losses divided by the largest, outliers replaced
AS_IN_THE_PAPER = {"normalised": True, "outliers_replaced": True}


def loss_models(reader: Reader, normalised: bool, outliers_replaced: bool, at: str | None = None) -> pd.DataFrame:
    """The fitted coefficients with their 95 % intervals by training and segment, of the latest fit (`at` a scale)."""
    return of_latest(
        reader,
        "fit",
        """
        SELECT t.depth, t.gpu_type, segment, beta0, beta0_low, beta0_high, beta1, beta1_low, beta1_high,
               beta2, beta2_low, beta2_high, rmse, points, identified, unit, first_step, end_step, method, source_run
        FROM loss_models AS m JOIN runs AS t ON t.run_id = m.source_run
        WHERE m.run_id = $run AND normalised = $normalised AND outliers_replaced = $outliers_replaced
        ORDER BY t.depth, t.gpu_type, segment = 'all' DESC, segment
        """,
        at=at,
        normalised=normalised,
        outliers_replaced=outliers_replaced,
    )


def misfit(reader: Reader, normalised: bool, outliers_replaced: bool) -> pd.DataFrame:
    """For each training the RMSE of one curve for all steps (`one_curve`) and of curves restarted at the drops.

    `change_percent` is the change from the first to the second.
    """
    return of_latest(
        reader,
        "fit",
        """
        SELECT source_run, t.depth, max(m.rmse) FILTER (segment = 'all') AS one_curve,
               sqrt(sum(m.rmse ** 2 * points) FILTER (segment <> 'all') / sum(points) FILTER (segment <> 'all'))
                   AS restarted,
               100 * (restarted / one_curve - 1) AS change_percent
        FROM loss_models AS m JOIN runs AS t ON t.run_id = m.source_run
        WHERE m.run_id = $run AND normalised = $normalised AND outliers_replaced = $outliers_replaced
        GROUP BY source_run, t.depth ORDER BY source_run
        """,
        normalised=normalised,
        outliers_replaced=outliers_replaced,
    )


def median_misfit(reader: Reader, normalised: bool, outliers_replaced: bool) -> pd.DataFrame:
    """One row, or none: the medians over all trainings of the RMSE of one curve and of restarted curves."""
    rows = misfit(reader, normalised, outliers_replaced)
    return rows[["one_curve", "restarted"]].median().to_frame().T if len(rows) else rows


def fit_summary(reader: Reader) -> pd.DataFrame:
    """One row, or none: how well Eq. 1 holds and what is identified, over the fitted depths, losses as in the paper.

    RMSE are medians in units of the largest loss; `interval_percent` is the median half interval of β0; `later`
    segments are those after a drop.
    """
    rows, errors = loss_models(reader, **AS_IN_THE_PAPER), misfit(reader, **AS_IN_THE_PAPER)
    rows, errors = rows[rows["depth"] != HELD_OUT_DEPTH], errors[errors["depth"] != HELD_OUT_DEPTH]
    whole, later = rows[rows["segment"] == "all"], rows[~rows["segment"].isin(["all", "1"])]
    if whole.empty:
        return pd.DataFrame()
    medians = errors[["one_curve", "restarted"]].median()
    half_intervals = (whole["beta0_high"] - whole["beta0_low"]) / 2
    return pd.DataFrame(
        {
            "fits": [len(whole)],
            "depths": whole["depth"].nunique(),
            "gpu_types": whole["gpu_type"].nunique(),
            "identified": int(whole["identified"].sum()),
            "at_zero": int((whole["beta2"] == 0).sum()),
            "one_curve": medians["one_curve"],
            "restarted": medians["restarted"],
            "gain_percent": 100 * (1 - medians["restarted"] / medians["one_curve"]),
            "later": len(later),
            "later_unidentified": int((~later["identified"]).sum()),
            "interval_percent": 100 * (half_intervals / whole["beta0"]).median(),
        }
    )


def fits_by_depth(reader: Reader) -> pd.DataFrame:
    """By depth the means of its trainings' largest loss and RMSE of restarted curves, in units of the loss."""
    largest = loss_models(reader, **AS_IN_THE_PAPER).query("segment == 'all'").groupby("depth")["unit"].mean()
    rmse = misfit(reader, normalised=False, outliers_replaced=True).groupby("depth")["restarted"].mean()
    return pd.DataFrame({"largest_loss": largest, "rmse": rmse}).reset_index()


def depth_errors(reader: Reader) -> pd.DataFrame:
    """Each training's error in percent as predicted from the other depths of its GPU type: by the largest loss, by
    ln(classes).
    """
    return of_latest(
        reader,
        "fit",
        """
        SELECT t.depth, t.gpu_type,
               any_value(error_percent) FILTER (normalised_by = 'largest loss') AS largest_percent,
               any_value(error_percent) FILTER (normalised_by = 'ln(classes)') AS guess_percent
        FROM depth_errors AS d JOIN runs AS t ON t.run_id = d.source_run
        WHERE d.run_id = $run GROUP BY ALL ORDER BY ALL
        """,
    )


def normalisation_summary(reader: Reader) -> pd.DataFrame:
    """One row, or none: medians of `depth_errors`, and in how many trainings ln(classes) is the better unit."""
    rows = depth_errors(reader)
    if rows.empty:
        return rows
    medians = rows[["largest_percent", "guess_percent"]].median()
    better = int((rows["guess_percent"] < rows["largest_percent"]).sum())
    return medians.to_frame().T.assign(trainings=len(rows), better=better)


def replicas_by_depth(reader: Reader) -> pd.DataFrame:
    """How far the coefficients of the GPU types are apart, by depth, at the scale that has several (`compared_scale`).

    Of whole trainings, losses as in the paper: `scale`, `replicas`, and of each β the least and the largest value;
    `ratio` is that of the largest to the least β0.
    """
    at = compared_scale(reader)
    if at is None:
        return pd.DataFrame()
    rows = loss_models(reader, **AS_IN_THE_PAPER, at=at)
    rows = rows[(rows["segment"] == "all") & (rows["depth"] != HELD_OUT_DEPTH)]
    betas = [f"beta{i}" for i in range(3)]
    found = rows.groupby("depth").agg(
        replicas=("gpu_type", "nunique"),
        **{f"{beta}_{end}": (beta, end) for beta in betas for end in ("min", "max")},
    )
    found.insert(0, "scale", at)
    return found.assign(ratio=found["beta0_max"] / found["beta0_min"]).reset_index()


def replicas(reader: Reader) -> pd.DataFrame:
    """One row, or none: the largest ratio of two β0 of the same depth, how many replicas a depth has, their scale."""
    rows = replicas_by_depth(reader)
    if rows.empty:
        return rows
    ends = {"scale": rows["scale"].iloc[0], "replicas": rows["replicas"].max(), "ratio": rows["ratio"].max()}
    return pd.DataFrame({name: [value] for name, value in ends.items()})


def forecasts(reader: Reader) -> pd.DataFrame:
    """Epochs that the loss model would have forecast as training went on, and their error in percent."""
    return of_latest(
        reader,
        "fit",
        """
        SELECT t.depth, t.gpu_type, method, epoch, progress_percent, forecast_epochs, real_epochs,
               100 * (forecast_epochs / real_epochs - 1) AS error_percent
        FROM forecasts AS f JOIN runs AS t ON t.run_id = f.source_run
        WHERE f.run_id = $run ORDER BY t.depth, t.gpu_type, method, epoch
        """,
    )


# an error of a forecast that said never counts as infinite, one of fewer epochs than had been trained as of those
FORECAST_ERRORS = """
    SELECT *, forecast_epochs IS NULL AS never, 100 * (1 - epoch / real_epochs) AS naive,
           CASE WHEN forecast_epochs IS NULL THEN 'infinity'
                ELSE abs(100 * (greatest(forecast_epochs, epoch) / real_epochs - 1)) END AS error
    FROM forecasts WHERE run_id = $run
"""


def forecast_quality(reader: Reader) -> pd.DataFrame:
    """By method and number of drops seen: the forecasts' median error in percent, and the share of never.

    A median that is infinite is NULL. `naive_percent` is the median error of saying that the training ends now.
    """
    return of_latest(
        reader,
        "fit",
        f"""
        SELECT method, drops, CASE WHEN isfinite(median(error)) THEN median(error) END AS error_percent,
               100 * avg(never::INTEGER) AS never_percent, median(naive) AS naive_percent,
               count(*)::INTEGER AS forecasts
        FROM ({FORECAST_ERRORS}) GROUP BY method, drops ORDER BY method, drops
        """,
    )


def last_forecasts(reader: Reader) -> pd.DataFrame:
    """One row, or none: the quality of the restarted model's forecasts after the last drop.

    `all_never_percent` is the share of never among all forecasts of either method.
    """
    rows = forecast_quality(reader)
    if rows.empty:
        return rows
    never = (rows["never_percent"] * rows["forecasts"]).sum() / rows["forecasts"].sum()
    restarted = rows[rows["method"] == "restarted"]
    return restarted[restarted["drops"] == restarted["drops"].max()].assign(all_never_percent=never)
