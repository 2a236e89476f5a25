"""Which section shows which question: the one list that pages, tests and the benchmark go by.

The questions themselves, with their problem, order and points, stand in store/published/questions.csv.
"""

from collections.abc import Callable

from pages.sections.flops import counts, inference, overhead, peak
from pages.sections.optimus import losses, plan, prediction
from pages.sections.supervision import construction, contrast, parameters, pretraining, student_curve, teaching
from pages.sections.transfer import comparison, heads, target, training

SECTIONS: dict[str, Callable[[], None]] = {
    "1.1a": target.show,
    "1.1b": training.one_rate,
    "1.1c": training.three_rates,
    "1.2a": heads.show,
    "1.2b": comparison.show,
    "2.1": contrast.show,
    "2.2a": pretraining.noise,
    "2.2b": pretraining.resampling,
    "2.3a": teaching.show,
    "2.3b": parameters.show,
    "2.3c": construction.show,
    "2.3d": student_curve.show,
    "3.1": peak.show,
    "3.2": counts.show,
    "3.3": overhead.show,
    "3.4": inference.show,
    "4.1": losses.show,
    "4.2": prediction.show,
    "4.3": plan.show,
}
