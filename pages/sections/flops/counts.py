"""3.2: the FLOPs of VGG-19 beside VGG-16, Lu et al.'s counts beside ours, and any network of torchvision."""

import pandas as pd
import streamlit as st

from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import escaped, figure
from pages.parts.origin import of_jobs, of_runs, published
from pages.sections.flops import charts
from store.flops import counts
from store.flops.values import vgg_totals

CONVENTIONS = {"1": "one operation (Lu et al.)", "2": "two operations (PALEO, data sheets)"}


def show() -> None:
    """The answer, then VGG-19's layers, the comparison with the paper's tables, and every other network."""
    if cached_query(counts.vgg_layers).empty:
        card("3.2")
        missing("The counts are not here.", "python -m compute flops")
        return
    card("3.2", lambda: _vgg(_operations()))
    factor = _operations_chosen()
    _vgg_layers(factor)
    _against_lu()
    _any_network(factor)


def _operations_chosen() -> int:
    """Operations of a multiply-accumulate as the reader chose them above."""
    return 1 if st.session_state.get("convention") == "1" else 2


def _operations() -> int:
    """The control for the operations of a multiply-accumulate; its value."""
    st.segmented_control(
        "A multiply-accumulate counts as how many operations?",
        list(CONVENTIONS),
        default="2",
        required=True,
        key="convention",
        bind="query-params",
        help=(
            "Hardware peaks count the multiplication and the addition of a fused instruction as two; many papers and"
            " tools count the instruction once. That is why published numbers differ by two."
        ),
    )
    return _operations_chosen()


def _operations_of_layers(factor: int) -> pd.DataFrame:
    rows = cached_query(counts.vgg_layers)
    return rows.assign(giga_ops=factor * rows["macs"] / 1e9, every_op=factor * rows["macs"] + rows["other_ops"])


def _vgg(factor: int) -> None:
    rows, vgg19 = _operations_of_layers(factor), cached_query(vgg_totals).set_index("network").loc["VGG-19"]
    unit = "GFLOP" if factor == 2 else "GMAC"
    products = rows[rows["macs"] > 0]
    order = tuple(products.loc[products["network"] == "VGG-19", "layer"])
    origins = of_jobs("flops/layers")
    figure(
        charts.vgg(unit, order),
        title=(
            f"Convolutions do {vgg19['conv_share']:.2f} % of VGG-19's {factor / 2 * vgg19['gflop']:.3f} {unit}, with "
            f"{vgg19['conv_param_share']:.0f} % of its parameters"
        ),
        alt_text="Operations of each layer of VGG-16 and VGG-19",
        origins=origins,
        caption=(
            "Convolutions and fully connected layers at 224 × 224 pixels; the three layers that VGG-19 adds are the"
            f" fourth ones of stages 3 to 5. A multiply-accumulate counts as {CONVENTIONS[str(factor)]}."
        ),
        data=products,
    )


def _vgg_layers(factor: int) -> None:
    rows, origins = _operations_of_layers(factor), of_jobs("flops/layers")
    network = st.segmented_control(
        "Layers of", ["VGG-19", "VGG-16"], default="VGG-19", required=True, key="vgg", bind="query-params"
    )
    mine = rows[rows["network"] == ("VGG-16" if network == "VGG-16" else "VGG-19")]
    figure(
        mine[["layer", "kind", "output_shape", "params", "macs", "flops", "other_ops", "every_op", "share_percent"]],
        title=f"All {len(mine)} layers of {mine['network'].iloc[0]}",
        alt_text="Layers of a VGG network with output shape, parameters, MACs and FLOPs",
        origins=origins,
        caption=(
            "MACs: multiply-accumulates; FLOPs: two for each; other operations: bias additions, ReLU and pooling, once"
            " each; all: at the chosen convention. Flattening, dropout and a pooling of 7 × 7 to 7 × 7 do no work."
        ),
        columns={
            "layer": "Layer",
            "kind": "Kind",
            "output_shape": "Output",
            "params": st.column_config.NumberColumn("Parameters", format="localized"),
            "macs": st.column_config.NumberColumn("MACs", format="localized"),
            "flops": st.column_config.NumberColumn("FLOPs", format="localized"),
            "other_ops": st.column_config.NumberColumn("Other operations", format="localized"),
            "every_op": st.column_config.NumberColumn("All", format="localized"),
            "share_percent": st.column_config.NumberColumn("Share of FLOPs (%)", format="%.2f"),
        },
    )


def _against_lu() -> None:
    st.subheader("Beside the tables of Lu et al.", divider="gray")
    rows = cached_query(counts.lu_against_counts)
    totals = rows[rows["lu_kind"] == "Total"].dropna()
    if totals.empty:
        missing("The tables of Lu et al. are not in the store.", "python -m store build")
        return
    worst = totals["caffe_difference_percent"].abs().max()
    torch_worst = totals.loc[totals["torchvision_difference_percent"].abs().idxmax()]
    shown = rows.rename(
        columns={
            "lu_kind": "kind",
            "place": "table",
            "printed": "Lu et al. (M)",
            "torchvision": "torchvision's network (M)",
            "caffe": "Caffe's network (M)",
            "torchvision_difference_percent": "torchvision (%)",
            "caffe_difference_percent": "Caffe (%)",
        }
    )
    figure(
        shown,
        title=(
            f"Counted as they count, the Caffe networks agree with the printed totals within {worst:.1f} %;"
            f" torchvision's {torch_worst['model']} differs by {torch_worst['torchvision_difference_percent']:+.0f} %"
            " because it is another network"
        ),
        alt_text="FLOPs rows of Lu et al. beside our counts",
        origins=published("Lu 2017, Tables 2, 3, 5, 6") + of_jobs("flops/layers"),
        caption=(
            "Millions of operations, a multiply-accumulate once, everything else once an output (pooling once for each"
            " input of the window). Caffe's AlexNet takes 227 pixels and splits three convolutions into two groups; its"
            " GoogLeNet has true 5 × 5 branches where torchvision has 3 × 3, and local response normalisation instead"
            " of batch normalisation; its ResNet-50 strides in the first 1 × 1 convolution of a block. What is left of"
            " ResNet-50's CONV row is one bias addition for each output, which the paper seems to count although those"
            " convolutions have no bias; its printed total leaves Eltwise out. Small rows are printed in whole"
            " millions, so that they differ by rounding alone."
        ),
        columns={c: st.column_config.NumberColumn(format="%.2f") for c in shown.columns[3:]},
    )


def _any_network(factor: int) -> None:
    st.subheader("Any network that was counted", divider="gray")
    networks = cached_query(counts.networks)
    names = networks["model"].tolist()
    model = st.selectbox(
        "Network", names, index=names.index("vgg19") if "vgg19" in names else 0, key="network", bind="query-params"
    )
    row = networks.set_index("model").loc[model]
    kinds = cached_query(counts.kinds, model)
    with st.container(horizontal=True):
        st.metric("Multiply-accumulates", f"{row['macs'] / 1e9:,.3f} G", border=True)
        st.metric("FLOPs", f"{row['flops'] / 1e9:,.3f} G", border=True)
        st.metric("Parameters", f"{row['params'] / 1e6:,.2f} M", border=True)
        printed = row["published_gmacs"] == row["published_gmacs"]
        st.metric(
            "Published by torchvision",
            f"{row['published_gmacs']:,.3f} GMAC" if printed else "not published",
            border=True,
        )
    long = kinds.assign(products=factor * kinds["macs"] / 1e9, other=kinds["other_ops"] / 1e9).melt(
        "kind", ["products", "other"], "work", "giga_ops"
    )
    long["work"] = long["work"].map(
        {"products": "convolutions and matrix products", "other": "everything else, once each"}
    )
    top = kinds.iloc[0]
    if isinstance(row["uncounted"], str):
        st.warning(
            f"Not counted: {escaped(row['uncounted'])}, in modules that are {row['uncounted_modules_percent']:.0f} % of"
            f" the leaf modules and hold {row['uncounted_params_percent']:.1f} % of the parameters. What follows leaves"
            " that work out."
        )
    figure(
        charts.kinds(),
        title=(
            f"{escaped(model)} on {row['shape']}: {top['kind']} layers do {100 * top['macs'] / row['macs']:.1f} % of"
            " its multiply-accumulates"
        ),
        alt_text="Operations by kind of layer in the chosen network",
        origins=of_runs([row["run_id"]]),
        caption=(
            f"{(networks['variant'] == 'torchvision').sum()} classification networks of torchvision and"
            f" {(networks['variant'] == 'caffe').sum()} of Caffe are counted without allocating their weights. A"
            f" multiply-accumulate counts as {CONVENTIONS[str(factor)]}. A network of your own:"
            " `python -m compute flops --model package.module:function --input 3x224x224`."
        ),
        data=long[long["giga_ops"] > 0],
        csv=kinds,
    )
    with st.expander("Its layers, and all networks, as tables"):
        st.dataframe(cached_query(counts.layers, model), hide_index=True, alt="Layers of the chosen network")
        st.dataframe(networks, hide_index=True, alt="All counted networks with their totals")
