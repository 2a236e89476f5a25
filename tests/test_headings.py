"""Headings of tables."""

import pandas as pd
import pytest
import streamlit as st

from pages.parts.headings import heading, with_headings


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("final_loss", "Final loss"),
        ("wait_ms", "Wait (ms)"),
        ("own_percent", "Own (%)"),
        ("overhead_per_layer_ms", "Overhead per layer (ms)"),
        ("steps_per_s", "Steps/s"),
        ("lr", "Rate"),
        ("Caffe (%)", "Caffe (%)"),
    ],
)
def test_a_name_becomes_words_with_a_unit(name, words):
    assert heading(name) == words


def test_a_given_heading_and_format_stay():
    config = with_headings(
        pd.DataFrame({"a_ms": [1], "b_ms": [1], "c_ms": [1]}),
        {"a_ms": "Mine", "b_ms": st.column_config.NumberColumn(format="%.1f")},
    )
    assert config["a_ms"] == "Mine"
    assert config["b_ms"]["label"] == "B (ms)" and config["b_ms"]["type_config"]["format"] == "%.1f"
    assert config["c_ms"]["label"] == "C (ms)"
