"""Small sample images, enlarged so that their pixels can be seen."""

import base64
from collections.abc import Iterable
from html import escape

import streamlit as st

SIDE_PX = 160


def pictures(images: Iterable[tuple[bytes, str]]) -> None:
    """Show images (PNG files, with what each shows) side by side as far as the window is wide, each pixel a square."""
    shown = "".join(
        f'<figure style="margin:0;width:{SIDE_PX}px"><img alt="{escape(text)}"'
        f' src="data:image/png;base64,{base64.b64encode(bytes(png)).decode()}"'
        f' style="width:{SIDE_PX}px;image-rendering:pixelated;border-radius:4px"><figcaption'
        f' style="font-size:0.8rem">{escape(text)}</figcaption></figure>'
        for png, text in images
    )
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:12px">{shown}</div>')
