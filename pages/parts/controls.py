"""Controls that Streamlit lacks."""

from streamlit.delta_generator import DeltaGenerator


def whole_number(place: DeltaGenerator, label: str, least: int, most: int, default: int, key: str, help=None) -> int:
    """The reader's whole number from `least` to `most`, held in the address.

    Streamlit's own input of whole numbers fails on an infinite one in the address (1e400) instead of falling back to
    its default, as that of floats does.
    """
    value = place.number_input(
        label, float(least), float(most), float(default), 1.0, format="%.0f", key=key, bind="query-params", help=help
    )
    return int(value) if least <= value <= most else default


def number(place: DeltaGenerator, label: str, least: float, most: float, default: float, key: str, help=None) -> float:
    """The reader's number from `least` to `most`, held in the address; the default for what is none of these."""
    value = place.number_input(label, least, most, default, key=key, bind="query-params", help=help)
    return value if least <= value <= most else default
