"""Tables as HTML, with the labels, the order and the formats that the app gives its columns."""

import json
from html import escape

import pandas as pd
import pyarrow as pa


def frame(data: bytes) -> pd.DataFrame:
    """The DataFrame of an Arrow stream; empty where there is none."""
    return pa.ipc.open_stream(data).read_pandas() if data else pd.DataFrame()


def table(proto) -> str:
    """A `st.dataframe` as an HTML table."""
    rows, settings = frame(proto.arrow_data.data), json.loads(proto.columns or "{}")
    names = [c for c in (proto.column_order or rows.columns) if c in rows.columns]
    names = [c for c in names if not (settings.get(str(c)) or {}).get("hidden")]
    head, body = [], []
    for name in names:
        setting = settings.get(str(name)) or {}
        number = pd.api.types.is_numeric_dtype(rows[name]) and not pd.api.types.is_bool_dtype(rows[name])
        kind = ' class="number"' if number else ""
        format_ = (setting.get("type_config") or {}).get("format")
        head.append(f'<th scope="col"{kind}>{escape(str(setting.get("label") or name))}</th>')
        body.append([f"<td{kind}>{escape(shown(value, format_))}</td>" for value in rows[name]])
    lines = "".join(f"<tr>{''.join(cells)}</tr>" for cells in zip(*body, strict=True))
    label = escape(proto.alt or "Table")
    return (
        f'<div class="wide tall" tabindex="0" role="region" aria-label="{label}"><table><thead><tr>{"".join(head)}'
        f"</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def shown(value, format_: str | None) -> str:
    """A value as the app's table shows it; nothing for a missing one."""
    if isinstance(value, (list, tuple)) or (hasattr(value, "tolist") and getattr(value, "ndim", 0)):
        return ", ".join(map(str, value))
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, bool) or (not isinstance(value, (int, float)) and not hasattr(value, "dtype")):
        return str(value)
    if format_ == "scientific":
        return f"{value:.2e}"
    if format_ == "localized":
        return f"{value:,}"
    if format_ and "%" in format_:
        try:
            return format_ % value
        except (TypeError, ValueError):
            return str(value)
    return f"{value:.4g}" if isinstance(value, float) and value % 1 else f"{value:.0f}"
