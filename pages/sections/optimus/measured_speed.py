"""4.3: a speed model fitted to a reader's own measured points, and which point to measure next."""

import pandas as pd
import streamlit as st

from compute.core.speed import MODES, AsynchronousSpeed, SynchronousSpeed
from pages.parts.data import cached_query
from pages.parts.figure import figure
from pages.parts.origin import Origin
from pages.sections.optimus.labels import counted
from store import catalogue

REACH = {"most_servers": 8, "most_workers": 40}
# points of the paper's synchronous model, as an example of what is to be pasted
EXAMPLE = pd.DataFrame(
    {"servers": [1, 2, 4, 2, 4, 8, 8], "workers": [1, 2, 4, 8, 12, 6, 16]}, dtype="float"
)  # fmt: skip
MEANING = {
    MODES[0]: ("forward pass (s an image)", "backward pass (s)", "exchange (s)", "workers (s)", "servers (s)"),
    MODES[1]: ("computing (s)", "exchange (s)", "workers (s)", "servers (s)"),
}


def model(batch: float) -> SynchronousSpeed | AsynchronousSpeed | None:
    """The speed model fitted to the points of a table, shown with its intervals; None where it cannot be fitted."""
    chosen = st.segmented_control(
        "Steps are", list(MODES), default=MODES[0], required=True, key="fitted_mode", bind="query-params"
    )
    mode = chosen if chosen in MODES else MODES[0]
    st.caption(
        "Paste five to ten measured points: parameter servers, workers, and steps per second (of all workers together "
        "where they are asynchronous). They stay in this window and are not part of the link."
    )
    given = st.data_editor(
        _example(mode, batch), num_rows="dynamic", hide_index=True, key=f"points_{mode}",
        column_config={
            "servers": st.column_config.NumberColumn("Servers", min_value=1, step=1),
            "workers": st.column_config.NumberColumn("Workers", min_value=1, step=1),
            "steps_per_s": st.column_config.NumberColumn("Steps/s", min_value=0.0, format="%.4g"),
        },
    )  # fmt: skip
    points = given.dropna()
    measured = tuple(tuple(map(float, points[name])) for name in ("servers", "workers", "steps_per_s"))

    from compute.fitting import speed  # with scipy, which only a reader's own data need

    try:
        found = speed.fit(*measured, mode=mode, batch=batch)
        then = speed.next_point(*measured, mode=mode, batch=batch, **REACH)
    except ValueError as error:
        st.warning(f"{str(error).capitalize()}.", icon=":material/report:")
        return None
    open_ = sum(interval is None for interval in found.intervals)
    low, high = (cached_query(catalogue.fact, f"dl2_speed_error_7_{end}_percent") for end in ("low", "high"))
    figure(
        pd.DataFrame(
            {
                "coefficient": [f"θ{i}" for i in range(len(found.intervals))],
                "of": MEANING[mode],
                "value": found.model.theta,
                "low": [interval and interval[0] for interval in found.intervals],
                "high": [interval and interval[1] for interval in found.intervals],
            }
        ),
        title=f"{found.points} points are met within {found.error_percent:.1f} %; measure "
        f"{counted(then.servers, 'server')} and {counted(then.workers, 'worker')} next, "
        f"which narrows θ{then.theta} by {then.narrower_percent:.0f} %",
        alt_text="Speed coefficients fitted to measured points",
        origins=[Origin("modelled")],
        caption="Non-negative least squares on the relative error of a step's time, with 95 % intervals"
        + (", which need more points than coefficients that differ in servers and workers" if open_ else "")
        + ". The next point narrows the interval that leaves most of a step's time open. On published measurements of "
        f"five networks (DL2), fits to 7 points miss all others by {low} to {high} % (mean).",
        columns={c: st.column_config.NumberColumn(format="%.4g") for c in ("value", "low", "high")},
    )
    return found.model


def _example(mode: str, batch: float) -> pd.DataFrame:
    """Points of a model with the paper's form, rounded as measurements are."""
    shown = SynchronousSpeed(theta=(0.01, 0.2, 0.3, 0.01, 0.01), batch=batch)
    other = AsynchronousSpeed(theta=(0.4, 0.3, 0.01, 0.02))
    steps = (shown if mode == MODES[0] else other).steps_per_s(EXAMPLE["servers"], EXAMPLE["workers"])
    return EXAMPLE.assign(steps_per_s=[float(f"{value:.2g}") for value in steps])
