"""3.3, Augur at work: networks' times predicted from a profile of the device, beside measured ones and other models."""

import pandas as pd
import streamlit as st

from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_jobs, of_runs, published
from pages.sections.flops import charts
from store.flops import predictions
from store.flops.predictions import PREDICTORS
from store.settings import READABLE_PX

PASSES = {"forward": "forward pass, one image", "step": "training step, CIFAR ResNets"}


def show() -> None:
    """The errors of five models, predicted against measured, a prediction for a network of choice, and memory."""
    st.subheader("Predicting a network's time from a profile of the device", divider="gray")
    rows = cached_query(predictions.evaluated)
    if rows.empty:
        missing("Nothing predicted has been measured yet.", "python -m compute profile --evaluate")
    else:
        _errors(rows)
        _scatter(rows)
    _any_network()
    _memory()


def _errors(rows: pd.DataFrame) -> None:
    found = cached_query(predictions.errors)
    forward = found[found["pass"] == "forward"]
    best, medians = forward.iloc[0], forward.set_index("predictor")["median"]
    shown = found.assign(measured=found["pass"].map(PASSES) + " (" + found["networks"].astype(str) + " networks)")
    figure(
        shown[["name", "measured", "median", "p90", "worst"]],
        title=(
            f"{best['name'].capitalize()} predicts a forward pass within {best['median']:.0f} % in the median;"
            f" FLOPs over peak are {medians['flops']:.0f} % off"
        ),
        alt_text="Median, 90 % and largest error of each model of time, for forward passes and training steps",
        origins=of_runs(rows["run_id"].unique().tolist()),
        caption=(
            f"{best['device']}, {best['threads']} thread{'' if best['threads'] == 1 else 's'}, fp32. Errors are"
            " |predicted ÷ measured − 1|. No network is in the profile; PPP, overhead and factor are fitted on all"
            " other networks of the same pass. Peak and bandwidth are the best of the profile."
        ),
        columns={
            "measured": "Measured",
            "name": "Model",
            "median": st.column_config.NumberColumn("Median (%)", format="%.0f"),
            "p90": st.column_config.NumberColumn("90 % quantile (%)", format="%.0f"),
            "worst": st.column_config.NumberColumn("Largest (%)", format="%.0f"),
        },
    )
    st.markdown(
        "**Which model when:** profile the device if it is at hand"
        f" ({medians['augur_layers']:.0f} % in the median) and scale by the networks that you have measured"
        f" ({medians['augur_fitted']:.0f} %); with measured networks and no profile take PALEO with an overhead per"
        f" layer ({medians['paleo_overhead']:.0f} %); FLOPs over peak are a lower bound alone.",
        width=READABLE_PX,
    )


def _scatter(rows: pd.DataFrame) -> None:
    chosen = st.segmented_control(
        "Measured",
        list(PASSES),
        default="forward",
        required=True,
        format_func=PASSES.__getitem__,
        key="measured_pass",
        bind="query-params",
    )
    mine = rows[rows["pass"] == (chosen if chosen in PASSES else "forward")]
    layers = mine[mine["predictor"] == "augur_layers"]
    worst = layers.loc[layers["error_percent"].abs().idxmax()]
    figure(
        charts.predicted_against_measured(tuple(PREDICTORS.values())),
        title=(
            f"Profiled layer by layer, {len(layers)} networks lie along the diagonal; the farthest is"
            f" {worst['network']} ({worst['error_percent']:+.0f} %)"
        ),
        alt_text="Predicted against measured time of each network, by model",
        origins=of_runs(mine["run_id"].unique().tolist()),
        caption=f"The fastest of {worst['repeats']} runs, batch {worst['batch']}; the line is where both agree.",
        data=mine,
    )


def _any_network() -> None:
    devices, models = cached_query(predictions.profiles), cached_query(predictions.predictable)
    if devices.empty or not models:
        missing("No device has been profiled.", "python -m compute profile")
        return
    left, middle, right = st.columns(3)
    with left:
        model = st.selectbox(
            "Network to predict",
            models,
            index=models.index("resnet50") if "resnet50" in models else 0,
            key="predicted_network",
            bind="query-params",
        )
    labels = devices["label"].tolist()
    with middle:
        label = st.selectbox("Profiled device", labels, key="profiled_device", bind="query-params")
    with right:
        batch = st.selectbox(
            "Images in a batch", [1, 2, 4, 8, 16, 32, 64, 128], key="predicted_batch", bind="query-params"
        )
    device = devices[devices["label"] == label].iloc[0]
    row = cached_query(predictions.prediction, model, device["run_id"], batch).iloc[0]
    with st.container(horizontal=True):
        st.metric("Forward pass", f"{row['forward_ms']:,.1f} ms", border=True)
        st.metric("Training step", f"{row['step_ms']:,.1f} ms", border=True)
        st.metric("Memory, inference", f"{row['inference_mib']:,.0f} MiB", border=True)
        st.metric("Memory, training", f"{row['training_mib']:,.0f} MiB", border=True)
    outside = (
        ""
        if row["covered_percent"] > 99
        else (
            f" Only {row['covered_percent']:.0f} % of the multiply-accumulates have sizes within the profile, so"
            " that the times are less certain."
        )
    )
    st.caption(
        f"Modelled from {device['points']:,} profiled points, fp32; training with SGD and momentum. Memory is of"
        " weights, gradients, optimiser state and activations, without the framework's own." + outside
    )


def _memory() -> None:
    rows = cached_query(predictions.lu_memory)
    if rows.empty:
        return
    weights = rows[rows["part"] == "weights"]["difference_percent"].abs().max()
    figure(
        rows[["network", "part", "printed", "counted", "difference_percent"]],
        title=f"Weights agree with Lu et al.'s Table 4 within {weights:.0f} %, data and workspace in most networks",
        alt_text="Memory of four networks in Table 4 of Lu et al. beside the counts",
        origins=published("Lu 2017, Table 4") + of_jobs("flops/layers"),
        caption=(
            "MiB of a forward pass in Caffe. Data: input and outputs of all layers, none in place; Caffe's Split"
            " layers, copies where an output has several readers (GoogLeNet, ResNet-50), are not in the counts."
            " Workspace: patches of all convolutions (im2col), one group at a time; VGG-16's printed one is about half"
            " of that, for a reason that the paper does not give."
        ),
        columns={
            "network": "Network",
            "part": "Part",
            "printed": st.column_config.NumberColumn("Table 4 (MiB)", format="%.0f"),
            "counted": st.column_config.NumberColumn("Counted (MiB)", format="%.1f"),
            "difference_percent": st.column_config.NumberColumn("Difference (%)", format="%+.1f"),
        },
    )
