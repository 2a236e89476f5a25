"""Charts with sliders for the export, where the model is a closed form: the formula is a Vega expression.

The expressions use only arithmetic, so that Python evaluates them too and a test holds them to `compute.core`.
"""

import re
from dataclasses import dataclass

from compute.core.plans import COMPARED_SERVERS, WORKERS
from compute.core.speed import MODES
from store.flops import counts
from store.optimus import losses, plans
from store.reader import Reader

POINTS = 200


@dataclass(frozen=True, kw_only=True)
class Slider:
    """A parameter that the reader sets: its name in the expressions, what it is, its range and first value."""

    name: str
    label: str
    low: float
    high: float
    step: float
    value: float


@dataclass(frozen=True, kw_only=True)
class Explorer:
    """A closed form over x with sliders: `lines` are expressions in x and the sliders' names, by what they show."""

    question: str
    title: str
    caption: str
    x: str
    y: str
    start: float
    stop: float
    step: float
    sliders: tuple[Slider, ...]
    lines: dict[str, str]

    def specification(self) -> dict:
        """The Vega-Lite specification: x as a sequence, each expression calculated from it."""
        calculated = [{"calculate": formula, "as": name} for name, formula in self.lines.items()]
        axis = {"type": "quantitative"}
        return {
            "data": {
                "sequence": {"start": self.start, "stop": self.stop + self.step / 2, "step": self.step, "as": "n"}
            },
            "params": [
                {
                    "name": s.name,
                    "value": s.value,
                    "bind": {"input": "range", "min": s.low, "max": s.high, "step": s.step, "name": f"{s.label} "},
                }
                for s in self.sliders
            ],
            "transform": [
                {"calculate": "datum.n", "as": "x"},
                *({**one, "calculate": re.sub(r"\bx\b", "datum.x", one["calculate"])} for one in calculated),
                {"fold": list(self.lines), "as": ["series", "y"]},
            ],
            "mark": {"type": "line", "tooltip": True},
            "encoding": {
                "x": {"field": "x", "title": self.x, **axis},
                "y": {"field": "y", "title": self.y, **axis},
                "color": {"field": "series", "type": "nominal", "title": None, "legend": {"orient": "top"}},
            },
            "height": 320,
        }


def explorers(reader: Reader) -> list[Explorer]:
    """The explorers that the store has the coefficients for."""
    return [found for make in (paleo, loss_curve, hours) if (found := make(reader))]


def paleo(reader: Reader, model: str = "vgg16") -> Explorer | None:
    """PALEO's Eq. 1 summed over a network's layers, against the batch (compute/core/paleo.py)."""
    rows = counts.layers(reader, model)
    if rows.empty:
        return None
    flops, weights = float(rows["flops"].sum()), 4 * float(rows["params"].sum())
    moved = float(rows["input_bytes"].sum() + rows["activation_bytes"].sum())
    compute = f"x * {flops} / (peak * 1e9 * ppp / 100)"
    memory = f"(x * {moved} + {weights}) / (gbps * 1e6 * ppp / 100)"
    return Explorer(
        question="3.1",
        title=f"With sliders: time of {model}'s forward pass on a device of your own",
        caption="PALEO's Eq. 1 over all layers, T = R + C + W, each divided by PPP.",
        x="Batch",
        y="Milliseconds",
        start=1,
        stop=256,
        step=1,
        sliders=(
            Slider(name="peak", label="Peak (TFLOP/s)", low=1, high=1000, step=1, value=14),
            Slider(name="gbps", label="Memory (GB/s)", low=50, high=5000, step=10, value=900),
            Slider(name="ppp", label="Platform Percent of Peak (%)", low=5, high=100, step=1, value=62),
        ),
        lines={"whole pass": f"{compute} + {memory}", "computing": compute, "reading and writing": memory},
    )


def loss_curve(reader: Reader) -> Explorer | None:
    """Eq. 1 of the loss from the first training's fitted coefficients (compute/core/loss_curve.py)."""
    rows = losses.loss_models(reader, False, True)
    if rows.empty:
        return None
    rows = rows[(rows["segment"] == "all") & (rows["beta0"] > 0)].dropna(subset=["beta0", "beta1", "beta2"])
    if rows.empty:
        return None
    row = rows.iloc[0]
    stop = float(f"{10 / row.beta0:.1g}")
    return Explorer(
        question="4.1",
        title="With sliders: the loss curve of Eq. 1",
        caption=f"1 / (β0 k + β1) + β2; the sliders begin at the coefficients fitted to {row.source_run}.",
        x="Step k",
        y="Training loss",
        start=0,
        stop=stop,
        step=stop / POINTS,
        sliders=(
            Slider(name="b0", label="β0 (×10⁻⁶)", low=0, high=4e6 * row.beta0, step=4e4 * row.beta0,
                   value=1e6 * row.beta0),
            Slider(name="b1", label="β1", low=0.05, high=2, step=0.01, value=max(0.05, round(row.beta1, 2))),
            Slider(name="b2", label="β2", low=0, high=2, step=0.01, value=round(row.beta2, 2)),
        ),
        lines={"loss": "1 / (b0 * 1e-6 * x + b1) + b2"},
    )  # fmt: skip


def hours(reader: Reader) -> Explorer | None:
    """Hours against workers by Eq. 4 with the paper's coefficients (compute/core/speed.py)."""
    models, planned = plans.speed_models(reader), plans.plan_summary(reader)
    models = models[models["name"] == MODES[0]] if len(models) else models
    if models.empty or planned.empty:
        return None
    row, first = models.iloc[0], planned.iloc[0]
    t = [float(row[f"theta{i}"]) for i in range(5)]
    images = int(first["images_of_an_epoch"])
    return Explorer(
        question="4.3",
        title="With sliders: hours against workers by Eq. 4",
        caption="The paper's coefficients of its own cluster; 1 / (θ0 M/w + θ1 + θ2 w/p + θ3 w + θ4 p) steps a second.",
        x="Workers",
        y="Hours",
        start=min(WORKERS),
        stop=max(WORKERS),
        step=1,
        sliders=(
            Slider(name="m", label="Images of a step M", low=8, high=512, step=1, value=float(row["m_batch"])),
            Slider(name="epochs", label="Epochs", low=1, high=200, step=1, value=round(float(first["epochs"]))),
        ),
        lines={
            f"{p} servers": f"epochs * {images} / m * ({t[0]} * m / x + {t[1]} + {t[2]} * x / {p} + {t[3]} * x"
            f" + {t[4]} * {p}) / 3600"
            for p in COMPARED_SERVERS
        },
    )
