"""2.1: what two papers make of the same billion images."""

import streamlit as st

from pages.parts.answer import card
from pages.parts.diagram import pipeline
from pages.parts.origin import badges, published

WEAK = (
    ("images with hashtags", "labels", "match hashtags with WordNet"),
    ("labels", "resampled labels", "square-root or uniform"),
    ("resampled labels", "pretrained network", "supervised training"),
    ("pretrained network", "target network", "transfer: last layer or all"),
    ("target data, labelled by hand", "target network", ""),
)
SEMI = (
    ("ImageNet, labelled by hand", "teacher", "supervised training"),
    ("images with hashtags", "teacher", "semi-weak variant"),
    ("images, hashtags not used", "scores", "teacher predicts"),
    ("teacher", "scores", ""),
    ("scores", "selected images", "P best classes of an image,\\nK best images of a class"),
    ("selected images", "student", "supervised training"),
    ("student", "fine-tuned student", "true labels only"),
    ("ImageNet, labelled by hand", "fine-tuned student", ""),
)
DRAWN = "Cylinders are data, boxes networks. The steps are known second-hand, through others' accounts of the paper."


def show() -> None:
    """The answer, and both pipelines as diagrams."""
    card("2.1")
    left, right = st.columns(2)
    with left, st.container(border=True):
        st.markdown("**Weakly supervised: the hashtags are the labels**")
        badges(published("Mahajan 2018"))
        pipeline(
            WEAK,
            alt_text="Images with hashtags become labels, which are resampled; a network is pretrained on them and "
            f"transferred. {DRAWN}",
            data=("images with hashtags", "labels", "resampled labels", "target data, labelled by hand"),
        )
    with right, st.container(border=True):
        st.markdown("**Semi-supervised: a teacher makes the labels**")
        badges(published("Yalniz 2019"))
        pipeline(
            SEMI,
            alt_text="A teacher trained on labelled data scores images without labels; the best of each class train a "
            "student, which is fine-tuned on true labels. In the semi-weakly supervised variant hashtags pretrain the "
            f"teacher, and only that. {DRAWN}",
            data=(
                "ImageNet, labelled by hand",
                "images with hashtags",
                "images, hashtags not used",
                "scores",
                "selected images",
            ),
        )
