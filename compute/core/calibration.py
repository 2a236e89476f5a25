"""A time model with two constants, fitted to measurements: PPP, and an overhead for each layer.

t = ideal / PPP + overhead · layers, where `ideal` is PALEO's time at full peak. What a framework spends to
start a layer is the overhead (Lu et al. 2017 see it as the gap of layerwise timing, section 4.1).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class OverheadFit:
    """`slope` is 1 / PPP, `overhead_ms` the time of a layer beside it; both at least 0."""

    slope: float
    overhead_ms: float = 0.0

    def predicted_ms(self, ideal_ms: float, layers: float) -> float:
        """The time of a network whose ideal time and number of layers are given."""
        return self.slope * ideal_ms + self.overhead_ms * layers

    @classmethod
    def without_overhead(cls, ideal_ms, measured_ms) -> "OverheadFit":
        """PPP alone: the geometric mean of measured over ideal, so that a factor counts the same up and down."""
        ratio = np.asarray(measured_ms, dtype=float) / np.asarray(ideal_ms, dtype=float)
        return cls(slope=float(np.exp(np.mean(np.log(ratio)))))

    @classmethod
    def fitted(cls, ideal_ms, layers, measured_ms) -> "OverheadFit":
        """Both by non-negative least squares of the relative error; arrays of one length.

        With two unknowns the constrained optimum is the free one, or lies on an axis.
        """
        measured = np.asarray(measured_ms, dtype=float)
        columns = np.column_stack([ideal_ms, layers]) / measured[:, None]
        one = np.ones(len(measured))
        free = np.linalg.lstsq(columns, one, rcond=None)[0]
        if (free >= 0).all():
            return cls(slope=float(free[0]), overhead_ms=float(free[1]))
        alone = [float(column @ one / (column @ column)) for column in columns.T]
        losses = [float(np.sum((alone[nth] * columns[:, nth] - one) ** 2)) for nth in (0, 1)]
        return cls(slope=alone[0]) if losses[0] <= losses[1] else cls(slope=0.0, overhead_ms=alone[1])
