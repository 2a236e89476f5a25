"""How fast jobs run: Eqs. 3 and 4 fitted to measured speeds, and the error by the number of measurements (Fig. 8)."""

import streamlit as st

from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs, published
from pages.sections.scheduler import charts
from store.optimus import speeds


def show() -> None:
    """The errors beside the paper's Fig. 8, the measured speeds, and every fitted model."""
    st.header("How fast jobs run: Eqs. 3 and 4 fitted", divider="gray", anchor="speeds")
    errors, about = cached_query(speeds.errors), cached_query(speeds.about)
    fits = published("Peng 2018, Fig. 8", "DL2 code, fitted")
    origins = of_runs(about["run_id"].tolist()) if len(about) else []
    left, right = st.columns(2)
    with left:
        ten = errors[(errors["origin"] == "published") & (errors["points"] == 10)]["median_percent"]
        found = f"{ten.min():.0f} to {ten.max():.0f} %" if len(ten) else "an unknown share"
        figure(
            charts.fit_errors(),
            title=f"From ten of the published measurements Eq. 4 misses the others by {found}, by network",
            alt_text="Error of the speed model against the number of measurements that it was fitted to",
            origins=origins + fits,
            caption="Mean absolute error on the points that were not used, median over 200 random choices. The "
            "published measurements are later ones by the paper's first author, with GPUs; the paper's own errors "
            "in Fig. 8 are smaller. More points help little beyond ten: what is left is what Eq. 4 does not describe.",
            data=errors,
        )
    with right:
        if about.empty:
            missing("No speed has been measured here yet.", "python -m compute speed")
        else:
            _measured(about.iloc[0], origins)
    rows = cached_query(speeds.coefficients)
    figure(
        rows.drop(columns="measured"),
        title="Coefficients of every fitted speed model",
        alt_text="Coefficients of the fitted speed models with intervals and errors",
        origins=origins + published("DL2 code, fitted"),
        caption="Non-negative least squares, as in the paper; θ0 in seconds an image (synchronous) or seconds, the "
        "others in seconds, intervals from fits to resampled points. The models measured here are of contention "
        "for cores and not of a network.",
        columns={"points": "Points", **{f"theta{i}": f"θ{i}" for i in range(5)}}
        | {f"interval{i}": f"θ{i}, 95 %" for i in range(5)}
        | {"m_batch": "M", "error_percent": st.column_config.NumberColumn("Error (%)", format="%.1f")},
    )


def _measured(about, origins: list) -> None:
    rows = cached_query(speeds.samples)
    fitted = cached_query(speeds.coefficients)
    missed = " and ".join(f"{row.error_percent:.0f} % ({row.mode})" for row in fitted[fitted["measured"]].itertuples())
    figure(
        charts.measured_speeds(),
        title=f"On {about['cores']} shared cores the fitted models miss the measured speeds by "
        f"{missed or 'an unknown share'}",
        alt_text="Measured training speed against workers for each number of parameter servers",
        origins=origins,
        caption=f"Measured with Ray actors on one machine, {about['parameters']:,} parameters, {about['batch']} images "
        "a synchronous step over all workers, or an asynchronous step of one. All actors share the cores, beside "
        f"whatever else ran (load average {about['load']:.1f} before it began), so that this is contention and no "
        f"network, and another run may differ by much. Workers that died and were replaced: {about['replaced']}.",
        data=rows,
    )
