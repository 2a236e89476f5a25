"""Students, pretrained on a teacher's selection for several K and P and then fine-tuned (`student`): 2.3a and 2.3d.

After Yalniz et al. 2019 (arXiv 1905.00546), at small scale. Beside the students of the teacher's selections
there are those of a teacher of their own network (self-training) and those of the selected images with their
true labels (oracle); the supervised baseline is a run of compute/supervision/teacher.py.

    python -m compute teacher      51 runs, about 126 core-minutes at scale small, after the teachers'

The figures are those of the tables of 2.3a and 2.3d, from `students_compared` and `student_curve` in
store/supervision/students.py.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from tqdm import tqdm

from compute.core.runs import ArtefactError, Run, read_record, write_run
from compute.core.supervision import StudentKind
from compute.supervision.sweep import SupervisionSweep, concatenated
from compute.training import device as devices
from compute.training.checkpoint import Checkpoint
from compute.training.device_dataset import DeviceDataset, steps_per_epoch
from compute.training.evaluation import metrics, outputs
from compute.training.loop import train_concurrently
from compute.training.recipe import History, Recipe
from compute.training.records import columns, finished_record
from compute.training.resnet_cifar import build
from compute.training.sweep import MissingInputError
from compute.training.trainer import Trainer

FINETUNE_LR = 0.01


@dataclass(frozen=True, kw_only=True)
class StudentSweep(SupervisionSweep):
    """Students of every kind but the supervised baseline, with each seed.

    There is one for each K with the middle P. With the other P there are those from the middle K on: at the top
    of a ranking no P makes a difference, as a score above one half is always an image's largest.
    """

    def planned(self) -> list[Run]:
        """The records of all students of a seed before those of the next seed; `inputs` name the teacher."""
        sizes = self.sizes
        middle_k, middle_p = sizes.middle
        variants = [
            *((StudentKind.SELECTED, k, p) for p in sizes.ps for k in sizes.ks if p == middle_p or k >= middle_k),
            *((StudentKind.ORACLE, k, middle_p) for k in sizes.ks),
            (StudentKind.SELF, middle_k, middle_p),
        ]
        return [self.student_record(*variant, seed) for seed in range(self.seeds) for variant in variants]

    def student_record(self, kind: StudentKind, k: int, p: int, seed: int) -> Run:
        """The record of one student's planned run."""
        sizes = self.sizes
        config = {
            "labelled": sizes.labelled_images,
            "epoch_images": sizes.student_images,
            "finetune_epochs": sizes.finetune_epochs,
            "finetune_lr": FINETUNE_LR,
        }
        teacher = self.teacher(sizes.network if kind == StudentKind.SELF else sizes.teacher, seed)
        variant = {"kind": str(kind), "k": k, "p": p}
        return self.record("student", sizes.network, self.recipe(seed), variant, config, (teacher,))

    def teacher(self, model: str, seed: int) -> str:
        """The id of the run of a teacher."""
        return self.record("teacher", model, self.recipe(seed), {}, {}).run_id

    def recipe(self, seed: int) -> Recipe:
        """The recipe of the pretraining on a selection."""
        return self.sizes.recipe(self.sizes.student_epochs, seed, **self.recipe_options())

    def finetuning_recipe(self, seed: int) -> Recipe:
        """The recipe of the fine-tuning on the labelled part."""
        return self.sizes.recipe(self.sizes.finetune_epochs, seed, lr=FINETUNE_LR, **self.recipe_options())

    def extra_steps(self, run: Run) -> int:
        """The steps of the fine-tuning."""
        return self.sizes.finetune_epochs * steps_per_epoch(self.sizes.labelled_images, self.sizes.batch)

    def pretraining_data(self, run: Run, device_dataset: DeviceDataset) -> DeviceDataset:
        """The data set with the selected images as train images, labelled by the teacher or, for an oracle, truly."""
        image, class_id, true_id = read_selection(self.runs / run.inputs[0], run.config["k"], run.config["p"])
        if run.config["kind"] == StudentKind.ORACLE:
            # an image has one true label, however many classes took it
            image, first = np.unique(image, return_index=True)
            class_id = true_id[first]
        return device_dataset.subset(torch.from_numpy(image), torch.from_numpy(class_id))

    def trainer(self, run: Run, device_dataset: DeviceDataset, checkpoint: Checkpoint | None) -> Trainer:
        """A student from scratch, in epochs of the same size and with the same schedule whatever K is."""
        recipe, config = self.recipe(run.seed), run.config
        return Trainer(
            build(run.model, device_dataset.classes, run.seed),
            self.pretraining_data(run, device_dataset),
            recipe,
            devices.pick(self.device),
            name=f"{config['kind']} k {config['k']} p {config['p']} seed {run.seed}",
            checkpoint=checkpoint,
            evaluate_every=recipe.epochs,
            epoch_images=self.sizes.student_images,
        )

    def finish(self, run: Run, trainer: Trainer, device_dataset: DeviceDataset) -> Path:
        """Evaluate the student, fine-tune it on the labelled part, evaluate it again, and write the run."""
        history, test_labels = trainer.history(), device_dataset.test_labels.cpu()
        pretrained = metrics(outputs(trainer.model, device_dataset, trainer.precision), test_labels, "pretrained")
        finetuning, tuned = self.finetune(run, trainer, device_dataset)
        final = metrics(outputs(tuned.model, device_dataset, tuned.precision), test_labels)
        seconds = history.seconds + finetuning.seconds
        record = finished_record(run, history)
        config = {**record.config, "entries": len(trainer.data.train_labels)}
        tables = {"epochs": columns(continued(history, finetuning)), **concatenated(pretrained, final)}
        folder = write_run(replace(record, seconds=seconds, config=config), tables, self.runs)
        (score,) = final["scores"]
        tqdm.write(f"{run.run_id}: test {score['correct'] / score['images']:.1%}, {seconds:.0f} s")
        return folder

    def finetune(self, run: Run, trainer: Trainer, device_dataset: DeviceDataset) -> tuple[History, Trainer]:
        """Fine-tune a pretrained student on the labelled part, from a checkpoint of its own where that was stopped."""
        labelled, _ = self.labelled_part(device_dataset, run.seed)
        recipe = self.finetuning_recipe(run.seed)
        checkpoint = Checkpoint(trainer.checkpoint.folder / "finetuning", trainer.checkpoint.every_s)
        tuned = Trainer(
            trainer.model,
            labelled,
            recipe,
            trainer.device,
            name=f"{trainer.name}, fine-tuning",
            checkpoint=checkpoint,
            evaluate_every=recipe.epochs,
        )
        (history,) = train_concurrently([tuned], bar=None)
        return history, tuned


def continued(first: History, second: History) -> list[dict]:
    """The epochs of two trainings of one network, those of the second numbered on from the first's."""
    epochs, steps = len(first.epochs), first.epochs[-1]["step"]
    later = [{**row, "epoch": row["epoch"] + epochs, "step": row["step"] + steps} for row in second.epochs]
    return [*first.epochs, *later]


def read_selection(teacher: Path, k: int, p: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The selection in a teacher's run folder for K and P: image, class_id, true_id, int64 of shape (entries,).

    Raises MissingInputError where the teacher has not run.
    """
    try:
        read_record(teacher)
        table = pq.read_table(teacher / "selected.parquet", filters=[("p", "==", p), ("rank", "<=", k)])
    except (ArtefactError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:80]
        raise MissingInputError(f"{teacher.name} is not there ({reason}); train it first") from None
    return tuple(table[name].to_numpy().astype(np.int64) for name in ("image", "class_id", "true_id"))
