"""The accuracy card: how the loss model fares on trainings that nobody here ran."""

import streamlit as st

from pages.parts.data import cached_query
from pages.parts.figure import figure
from pages.parts.origin import of_runs, published
from store.optimus import external, losses, trainings

NUMBERS = {
    "one_curve": ("RMSE, one curve", "%.3f"),
    "between_drops": ("RMSE, between drops", "%.3f"),
    "forecast_percent": ("Forecast's error (%)", "%+.0f"),
    "mean_percent": ("Baseline's error (%)", "%+.0f"),
    "depth_guess_percent": ("Depth, by ln(classes) (%)", "%.0f"),
    "depth_largest_percent": ("Depth, by largest loss (%)", "%.0f"),
    "epochs_to_92": ("Epochs to 92 %", "%d"),
    "last_accuracy_percent": ("Final accuracy (%)", "%.1f"),
}
TEXTS = {"network": "Network", "drops": "Drops after epoch", "inside": "Band held", "source": "Source"}


def _own() -> str:
    """A sentence on the same two units in the report's own trainings; empty where there is no such comparison."""
    found = cached_query(losses.normalisation_summary)
    if len(found) == 0:
        return ""
    said = found.iloc[0]
    return (
        "In the report's own trainings, each predicted from the other depths of its GPU type, ln(classes) is better in "
        f"{said['better']:.0f} of {said['trainings']:.0f}: {said['guess_percent']:.0f} % against "
        f"{said['largest_percent']:.0f} % (medians). "
    )


def card() -> None:
    """Errors of forecasts and of predicted depths on the published logs, as a headline and a table."""
    rows, found = cached_query(external.external), cached_query(external.summary)
    if len(found) == 0:
        return
    said = found.iloc[0]
    st.subheader("Judged on trainings that nobody here ran", divider="gray")
    far = (
        f"; {said['far_network']}, far deeper than the networks that were regressed, is missed by {said['far']:.0f} %"
        if said["far_network"]
        else ""
    )
    figure(
        rows[[*TEXTS, *NUMBERS]].fillna({"drops": "smooth schedule"}),
        title=f"On {said['forecasts']} published trainings the forecast misses by {said['forecast_percent']:.0f} % "
        f"(median; {said['forecast_worst_percent']:.0f} % at worst), the last losses carried forward by "
        f"{said['mean_percent']:.0f} %",
        alt_text="Accuracy of the loss model on published trainings",
        origins=published(*dict.fromkeys(rows["source"])) + of_runs(cached_query(trainings.source_runs, "fit")),
        caption="Forecast: Eq. 1 fitted to the first 40 % of the piece of constant learning rate, against the loss at "
        f"that piece's end; its 95 % band held the truth in {said['inside']} of {said['forecasts']}. Baseline: the "
        "mean of the last tenth of what was seen. Depth: the curve of a deeper network from coefficients regressed on "
        "ResNet-20, 32 and 44 of one source, mean absolute error. With losses divided by ln(classes), the loss of a "
        f"guess, ResNet-56 is missed by {said['guess_low']:.0f} to {said['guess_high']:.0f} % in {said['depths']} "
        f"trainings, with the largest loss as in the paper by {said['largest_low']:.0f} to "
        f"{said['largest_high']:.0f} %, as noise of the first epoch sets that scale{far}. {_own()}The "
        "prediction of 4.2 takes losses as they are, which is the same as dividing all by one constant. RMSE in units "
        f"of ln(classes); one curve through the drops {said['one_curve']:.3f} (median), restarted at them "
        f"{said['between_drops']:.3f}. A schedule without drops takes no part in the tests. The logs are not part of "
        "the report; the command judge-logs derives these figures from them.",
        columns={
            **{name: st.column_config.NumberColumn(label, format=form) for name, (label, form) in NUMBERS.items()},
            **{name: st.column_config.Column(label) for name, label in TEXTS.items()},
        },
        csv=rows,
    )
