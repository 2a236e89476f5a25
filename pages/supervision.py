"""Problem 2: hashtags as labels against a teacher's labels, with both papers' ideas tried on CIFAR-10."""

from pages.parts.data import through_entrance
from pages.parts.sections import page
from pages.sections.supervision import contrast, pretraining, selection, student_curve, teaching

through_entrance()
page(
    "Weakly and semi-supervised learning",
    {
        "2.1": contrast.show,
        "2.2a": pretraining.noise,
        "2.2b": pretraining.resampling,
        "2.3a": teaching.show,
        "2.3b": selection.parameters,
        "2.3c": selection.construction,
        "2.3d": student_curve.show,
    },
)
