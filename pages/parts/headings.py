"""Headings of tables: a column's name in words, with its unit."""

import pandas as pd
import streamlit as st

# the last words of a column's name that are its unit
UNITS = {
    "percent": "%",
    "points": "points",
    "s": "s",
    "ms": "ms",
    "gb": "GB",
    "gbps": "GB/s",
    "tflops": "TFLOPS",
    "px": "px",
    "usd": "USD",
}
# names whose words are not those of the heading
WORDS = {
    "k": "K",
    "p": "P",
    "lr": "Rate",
    "sd": "Standard deviation",
    "gain_sd": "Standard deviation of the gain",
    "rmse": "RMSE",
    "smape_percent": "Symmetric error (%)",
    "mape_percent": "Error (%)",
    "cv_rmse": "RMSE, one depth left out",
    "twice": "Images with two labels or more",
    "twice_percent": "Two labels or more (%)",
    "twice_sd": "Its standard deviation",
    "percent": "Test accuracy (%)",
    "test_percent": "Test accuracy (%)",
    "val_percent": "Validation accuracy (%)",
    "train_percent": "Training accuracy (%)",
    "class_percent": "Mean of the classes (%)",
    "percent_per_pflop": "Accuracy per 10¹⁵ FLOPs (%)",
    "images_per_s": "Images/s",
    "epoch_s": "Epoch (s)",
    "macs": "Multiply-accumulates",
    "params": "Parameters",
    "flops": "FLOPs",
    "px": "Pixels",
    "gpu_type": "GPU type",
    "run_id": "Run",
    "n": "Points",
    "vif": "Variance inflation",
    "what": "",
}


def heading(name: str) -> str:
    """The heading of a column: `final_loss` is "Final loss", `wait_ms` "Wait (ms)"; a name with spaces stays."""
    if name in WORDS:
        return WORDS[name]
    if " " in name or not name.islower():
        return name
    *words, last = name.split("_")
    if words[-1:] == ["per"]:
        return f"{' '.join(words[:-1]).capitalize()}/{last}"
    if words and last in UNITS:
        return f"{' '.join(words).capitalize()} ({UNITS[last]})"
    return " ".join([*words, last]).capitalize()


def with_headings(table: pd.DataFrame, columns: dict | None) -> dict:
    """A table's column_config in which every column has a heading; headings that `columns` gives stay."""
    config = {}
    for name in table.columns:
        given = (columns or {}).get(name)
        if given is None:
            config[name] = st.column_config.Column(heading(name))
        elif isinstance(given, str):
            config[name] = given
        else:
            config[name] = {**given, "label": given.get("label") or heading(name)}
    return config
