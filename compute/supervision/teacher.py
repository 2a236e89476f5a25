"""Teachers, trained on few labelled images, and what they select from all others (`teacher`): questions 2.3a to 2.3d.

After Yalniz et al. 2019 (arXiv 1905.00546), at small scale. A teacher is trained on a small labelled part and
scores all other images; for each P the best K images of each class become a new labelled set
(compute/supervision/selection.py), on which students are trained (compute/supervision/student.py).

    python -m compute teacher      6 runs, about 37 core-minutes at scale small, and then the students

The figures are those of the tables of 2.3b and 2.3c, from `selected_sets` and the queries beside it in
store/supervision/selection.py, and of the teacher's row in 2.3a.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import torch.nn.functional as F
from tqdm import tqdm

from compute.core.runs import Run, write_run
from compute.supervision.linear_probe import features
from compute.supervision.selection_tables import (
    feature_spread,
    long_tailed_rows,
    picture_rows,
    selected_rows,
    selection_of,
)
from compute.supervision.sweep import SupervisionSweep, images
from compute.training import device as devices
from compute.training.checkpoint import Checkpoint
from compute.training.device_dataset import DeviceDataset
from compute.training.evaluation import metrics, outputs, score
from compute.training.recipe import Recipe
from compute.training.records import columns, finished_record
from compute.training.resnet_cifar import build
from compute.training.trainer import Trainer

NOTE = "its score on `train` is that of the images without labels"


@dataclass(frozen=True, kw_only=True)
class TeacherSweep(SupervisionSweep):
    """Two networks trained on the labelled part, with each seed: the teacher, and the student's own network.

    The latter is the teacher of self-training and the supervised baseline of all students.
    """

    def planned(self) -> list[Run]:
        """The records of both networks of a seed before those of the next seed."""
        networks = (self.sizes.teacher, self.sizes.network)
        return [self.teacher_record(model, seed) for seed in range(self.seeds) for model in networks]

    def teacher_record(self, model: str, seed: int) -> Run:
        """The record of one network's planned run."""
        ks, ps = self.settings(model)
        config = {"labelled": self.sizes.labelled_images, "ps": list(ps), "ks": list(ks)}
        return self.record("teacher", model, self.recipe(model, seed), {}, config)

    def recipe(self, model: str, seed: int) -> Recipe:
        """The recipe of a network; the baseline makes as many steps as a student."""
        is_teacher = model == self.sizes.teacher
        epochs = self.sizes.teacher_epochs if is_teacher else self.sizes.supervised_epochs
        return self.sizes.recipe(epochs, seed, **self.recipe_options())

    def settings(self, model: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Each K and P of a network's selections; for self-training that is one of each."""
        k, p = self.sizes.middle
        return (self.sizes.ks, self.sizes.ps) if model == self.sizes.teacher else ((k,), (p,))

    def trainer(self, run: Run, device_dataset: DeviceDataset, checkpoint: Checkpoint | None) -> Trainer:
        """A network from scratch on the labelled part."""
        labelled, _ = self.labelled_part(device_dataset, run.seed)
        recipe = self.recipe(run.model, run.seed)
        return Trainer(
            build(run.model, device_dataset.classes, run.seed),
            labelled,
            recipe,
            devices.pick(self.device),
            name=f"teacher {run.model} seed {run.seed}",
            checkpoint=checkpoint,
            evaluate_every=recipe.epochs,
        )

    def finish(self, run: Run, trainer: Trainer, device_dataset: DeviceDataset) -> Path:
        """Evaluate the network, score the images without labels, and write the run with its selections."""
        history = trainer.history()
        logits = outputs(trainer.model, device_dataset, trainer.precision)
        tables = metrics(logits, device_dataset.test_labels.cpu())
        unlabelled_score, selection_tables = self.selections(run, trainer, device_dataset)
        tables["scores"].append(unlabelled_score)
        record = finished_record(run, history)
        classes = list(images(self.scale, self.data).classes)
        record = replace(record, config={**record.config, "classes": classes}, note=NOTE)
        folder = write_run(record, {**tables, **selection_tables, "epochs": columns(history.epochs)}, self.runs)
        test, unlabelled = (row["correct"] / row["images"] for row in tables["scores"])
        tqdm.write(f"{run.run_id}: test {test:.1%}, images without labels {unlabelled:.1%}, {history.seconds:.0f} s")
        return folder

    def selections(self, run: Run, trainer: Trainer, device_dataset: DeviceDataset) -> tuple[dict, dict]:
        """The network's row of `scores` on the images without labels, and the tables of what it selects from them."""
        ks, ps = self.settings(run.model)
        data_set = images(self.scale, self.data)
        labels = device_dataset.train_labels.cpu()
        _, rows = self.labelled_part(device_dataset, run.seed)
        true_id = labels[rows]
        pool = device_dataset.with_evaluation_images(data_set.train_images[rows], true_id)
        # in single precision, whatever the training's: a ranking needs the digits that bf16 does not have
        logits, pool_features = outputs(trainer.model, pool), features(trainer.model, pool).numpy()
        scores = logits.softmax(1).numpy()
        selections = {p: selection_of(scores, max(ks), p) for p in ps}
        tables = {
            "selected": columns(
                [row for p, selection in selections.items() for row in selected_rows(selection, p, rows, labels)]
            ),
            "selection_spread": [
                {"p": p, "k": k, "spread": feature_spread(selection.first(k), pool_features, true_id.numpy())}
                for p, selection in selections.items()
                for k in ks
            ],
            "unlabelled_losses": {
                "image": rows.numpy(),
                "loss": F.cross_entropy(logits, true_id, reduction="none").numpy(),
            },
        }
        if run.model == self.sizes.teacher:
            tables["long_tailed"] = long_tailed_rows(scores, true_id, ks, ps, run.seed)
            if run.seed == 0:  # pictures of one selection are enough
                tables["pictures"] = picture_rows(selections, ks, rows, data_set.train_images)
        return score("train", logits, true_id), tables
