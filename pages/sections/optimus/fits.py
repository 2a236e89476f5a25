"""4.1: the fitted coefficients as a table, and one training with its fitted curves and residuals."""

import pandas as pd
import streamlit as st

from compute.core.vocabulary import HELD_OUT_DEPTH
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.sections.optimus import charts
from pages.sections.optimus.labels import SERIES, listed, with_network
from store.optimus import curves, losses, trainings

WHOLE, SEGMENTS = "whole training", "between drops"
NOT_IDENTIFIED = "not identified"


def coefficients() -> None:
    """The table of coefficients, with its controls."""
    st.subheader("Coefficients", divider="gray")
    left, middle, right = st.columns(3)
    piece = left.segmented_control(
        "Fitted to the", [WHOLE, SEGMENTS], default=WHOLE, required=True, key="piece", bind="query-params"
    )
    normalised = middle.toggle(
        "Losses divided by the largest, as in the paper", True, key="normalised", bind="query-params"
    )
    outliers = right.toggle("Outliers replaced, as in the paper", True, key="outliers", bind="query-params")
    rows, misfit = (cached_query(query, normalised, outliers) for query in (losses.loss_models, losses.median_misfit))
    if rows.empty:
        missing("No loss model has been fitted yet.", "python -m compute fit")
        return
    left_out = cached_query(trainings.left_out, "fit")
    number = {c: st.column_config.NumberColumn(format="%.4g") for c in ("beta0", "beta1", "beta2", "rmse", "unit")}
    interval = {f"beta{i}_interval": st.column_config.TextColumn("95 % interval") for i in range(3)}
    figure(
        coefficient_table(rows, whole=piece != SEGMENTS),
        title="One hyperbola for a whole training misses by "
        f"{misfit['one_curve'].iloc[0]:.3f} (median RMSE), restarted at the drops by {misfit['restarted'].iloc[0]:.3f}",
        alt_text="Coefficients of the loss model for every training",
        origins=of_runs(cached_query(trainings.source_runs, "fit")),
        caption="k counts steps, from the drop on between drops; β2 and RMSE are in the unit that losses were divided "
        "by (column unit, 1 for losses as they are), β1 in its inverse, β0 in that per step. Not identified: the data "
        "allow a range so wide that the value is meaningless. Intervals allow for residuals that are correlated from "
        "point to point, but not for what another seed would have given: compare the three runs of a depth."
        + (f" No loss model can be fitted to {listed(left_out)}." if left_out else ""),
        columns=number | interval,
        csv=rows,
    )


def replicas() -> None:
    """How far the coefficients of a depth's replicas are apart."""
    rows = cached_query(losses.replicas_by_depth)
    if rows.empty:
        return
    row = rows.iloc[0]
    figure(
        with_network(rows.drop(columns=["scale"])),
        title=f"β0 of a depth's {row['replicas']} replicas differs by up to a factor of {rows['ratio'].max():.1f} at "
        f"the {row['scale']} scale",
        alt_text="Least and largest coefficients of the replicas of each depth",
        origins=of_runs([run for run in [cached_query(trainings.latest, "fit", row["scale"])] if run]),
        caption="Whole trainings, losses divided by the largest: what only replicas show, from the largest scale at "
        "which several GPU types have every depth. Where the types were emulated, a replica is another seed.",
        columns={c: st.column_config.NumberColumn(format="%.3g") for c in rows.columns if rows[c].dtype == float},
    )


def coefficient_table(rows: pd.DataFrame, *, whole: bool) -> pd.DataFrame:
    """The coefficients for reading: one row a training (`whole`) or segment, each β with its interval as text.

    The held-out depth is not among them.
    """
    rows = rows[(rows["depth"] != HELD_OUT_DEPTH) & ((rows["segment"] == "all") == whole)]
    table = with_network(rows)[["network", "gpu_type", *([] if whole else ["segment"])]]
    for beta in ("beta0", "beta1", "beta2"):
        bounds = zip(rows[f"{beta}_low"], rows[f"{beta}_high"], strict=True)
        text = [NOT_IDENTIFIED if pd.isna(low) else f"{low:.3g} to {high:.3g}" for low, high in bounds]
        table = table.assign(**{beta: rows[beta], f"{beta}_interval": text})
    return table.assign(rmse=rows["rmse"], points=rows["points"], unit=rows["unit"])


def one_training(rows: pd.DataFrame) -> None:
    """One of the trainings with its fitted curves and their residuals."""
    fitted = cached_query(losses.misfit, False, True)
    names = [run_id for run_id in rows["run_id"] if run_id in set(fitted["source_run"])]
    if not names:
        return
    st.subheader("One training with its fits", divider="gray")
    run = st.selectbox("Training", names, key="training", bind="query-params")
    errors = fitted.set_index("source_run").loc[run]
    points, lines = (
        rows.assign(series=rows["series"].map(SERIES))
        for rows in (cached_query(curves.fitted_points, run), cached_query(curves.fitted_curves, run))
    )
    origins = of_runs([run]) + of_runs(cached_query(trainings.source_runs, "fit"))
    figure(
        charts.fit(),
        title=f"{run}: one curve misses by {errors['one_curve']:.3f}, restarted at drops by {errors['restarted']:.3f}",
        alt_text="Training losses with the fitted curves",
        origins=origins,
        caption="Points: losses averaged over blocks of steps, outliers replaced, as the fits saw them. Eq. 1 as one "
        "curve for all steps, and restarted at each learning-rate drop (section 7 of the paper).",
        data=pd.concat([points[points["series"] == SERIES[curves.ONE_CURVE]].assign(series="training"), lines]),
    )
    figure(
        charts.residuals(),
        title=f"Restarting at the learning-rate drops changes the RMSE by {errors['change_percent']:+.0f} %",
        alt_text="Residuals of the fitted curves",
        origins=origins,
        caption="Measured less fitted loss at the points of each fit.",
        data=points,
    )
