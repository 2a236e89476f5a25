"""The queries of Problem 2 that written answers quote; the papers' numbers are published facts."""

from store.quotes import Quotable, quotables
from store.supervision.pretraining import label_noise, resampling
from store.supervision.ranking import ends_of_ranking, hardness_and_spread
from store.supervision.selection import long_tailed_selection, selected_sets, unlabelled_pool
from store.supervision.students import finetuning_gains, student_curve, student_steps, students_compared, teachers

QUOTABLE = quotables(
    Quotable(query=label_noise, keys=("noise_percent", "stage")),
    Quotable(query=resampling, keys=("stage", "part", "sampling")),
    Quotable(query=teachers, keys=("role",)),
    Quotable(query=students_compared, keys=("kind", "stage")),
    Quotable(query=student_steps),
    Quotable(query=student_curve, keys=("stage", "k")),
    Quotable(query=finetuning_gains, keys=("k",)),
    Quotable(query=unlabelled_pool),
    Quotable(query=selected_sets, keys=("k", "p")),
    Quotable(query=long_tailed_selection, keys=("k", "p")),
    Quotable(query=hardness_and_spread, keys=("k", "p")),
    Quotable(query=ends_of_ranking, keys=("end",)),
)
