"""1.1b and 1.1c: fine-tuning all layers at one learning rate, and three rates compared."""

from compute.core.vocabulary import FINETUNE_LRS
from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.sections.transfer import charts
from pages.sections.transfer.choice import INTERVALS, best_rate, chosen_size, labelled, weights_of
from pages.sections.transfer.learning import learning_curves
from store.transfer import evaluated


def one_rate() -> None:
    """1.1b: the answer and the curves of the first rate."""
    card("1.1b", lambda: _curves(_size(), only_lr=FINETUNE_LRS[0]))


def three_rates() -> None:
    """1.1c: the answer, the curves of all rates, and the accuracies that they end at."""
    size = _size()
    card("1.1c", lambda: _accuracies(size))
    _curves(size, only_lr=None)


def _accuracies(size: tuple[str, int] | None) -> None:
    if size is None:
        return
    rows = labelled(cached_query(evaluated.rates, *size).query("job in ('finetune', 'scratch')"))
    best = rows[rows["chosen"] & (rows["job"] == "finetune")].iloc[0]
    figure(
        charts.accuracies(),
        title=best_rate(best),
        alt_text="Test accuracy of each learning rate of fine-tuning",
        origins=of_runs(" ".join(rows["run_ids"]).split()),
        caption=f"{INTERVALS} {weights_of(size)}",
        data=rows,
    )


def _size() -> tuple[str, int] | None:
    size = chosen_size("finetune")
    if size is None:
        missing("Nothing has been fine-tuned yet.", "python -m compute finetune")
    return size


def _curves(size: tuple[str, int] | None, only_lr: float | None) -> None:
    if size is None:
        return
    learning_curves(
        size,
        "finetune",
        default="training loss",
        alt_text="Loss or accuracy by epoch of fine-tuning",
        note="The validation images are evaluated every few epochs.",
        only_lr=only_lr,
    )
