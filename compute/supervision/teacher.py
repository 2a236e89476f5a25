"""The experiments `teacher` and `student`: a teacher labels images, a student is trained on its selection and fine-tuned (2.3).

After Yalniz et al. 2019 (arXiv 1905.00546), at small scale. The teacher is trained on a small
labelled part and scores all other images; for each P the best K images of each class become a new
labelled set (compute/supervision/select.py). Students of one network are pretrained on it and
fine-tuned on the labelled part; beside them the student on the labelled part alone, on a teacher of its own
network (self-training), and on the selected images with their true labels.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from compute import device as devices
from compute.batches import Resident
from compute.checkpoint import Checkpoint
from compute.data import png
from compute.judge import judgement, outputs
from compute.lane import Lane
from compute.recipe import Recipe
from compute.records import columns, finished_record
from compute.resnet_cifar import build
from compute.supervision.pretraining import long_tail, zipf_sizes
from compute.supervision.select import Selection, select
from compute.supervision.task import SupervisionRequest, features, images, merged, parts
from compute.train import train_together
from compute.worklist import MissingInputError
from store.artefact import ArtefactError, Run, read_record, write_run

FINETUNE_LR = 0.01
SHOWN = 4  # images at either end of each ranking that are kept to look at
CHUNK = 8192  # images whose scores are taken in at once


def labelled_and_rest(size, resident: Resident, seed: int) -> tuple[Tensor, Tensor]:
    """Row numbers of the labelled part and of all other train images, whose labels are not used."""
    return parts(resident.train_labels.cpu(), size.labelled, None, seed)


@dataclass(frozen=True, kw_only=True)
class TeacherRequest(SupervisionRequest):
    """The teacher, and the student's own network in its place, for self-training and as the student on labelled data alone, with each seed."""

    def planned(self) -> list[Run]:
        """Both networks of a seed before the next seed."""
        records = []
        for seed in range(self.seeds):
            for model in (self.size.teacher, self.size.network):
                ks, ps = self.selections(model)
                config = {"labelled": self.size.labelled, "ps": list(ps), "ks": list(ks)}
                records.append(self.record("teacher", model, self.recipe(model, seed), {}, config))
        return records

    def recipe(self, model: str, seed: int) -> Recipe:
        """The teacher's recipe, or of the student's network that with as many steps as a student makes."""
        epochs = self.size.teacher_epochs if model == self.size.teacher else self.size.alone_epochs
        return self.size.recipe(epochs, seed, **self.how())

    def selections(self, model: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Each K and P that students are taught with; for self-training that is one of each."""
        k, p = self.size.middle
        return (self.size.ks, self.size.ps) if model == self.size.teacher else ((k,), (p,))

    def lane(self, run: Run, resident: Resident, checkpoint: Checkpoint | None) -> Lane:
        """A network from scratch on the labelled part."""
        rows, _ = labelled_and_rest(self.size, resident, run.seed)
        data = resident.taking(rows, resident.train_labels.cpu()[rows])
        how = self.recipe(run.model, run.seed)
        model = build(run.model, resident.classes, run.seed)
        name = f"teacher {run.model} seed {run.seed}"
        return Lane(model, data, how, devices.pick(self.device), name=name, checkpoint=checkpoint, evaluate_every=how.epochs)

    def finish(self, run: Run, lane: Lane, resident: Resident) -> Path:
        """Judge the teacher, score the images without labels, and write what it selects for every P, and what is hard for it."""
        history, size = lane.history(), self.size
        _, rest = labelled_and_rest(size, resident, run.seed)
        labels, (ks, ps) = resident.train_labels.cpu(), self.selections(run.model)
        whole = images(self.scale, self.data)
        unlabelled = resident.testing(whole.train_images[rest], labels[rest])
        # in single precision, whatever the training's: a ranking needs the digits that bf16 does not have
        logits, seen = outputs(lane.model, unlabelled), features(lane.model, unlabelled).numpy()
        scores = logits.softmax(1).numpy()
        chosen = {p: choose(scores, max(ks), p) for p in ps}
        main = run.model == size.teacher
        tables = {
            **judgement(outputs(lane.model, resident, lane.precision), resident.test_labels.cpu()),
            "selected": columns([row for p, selection in chosen.items() for row in rows_of(selection, p, rest, labels)]),
            "selection_spread": [{"p": p, "k": k, "spread": spread(selection.first(k), seen, labels[rest].numpy())} for p, selection in chosen.items() for k in ks],
            "thinned": thinned(scores, labels[rest], ks, ps, run.seed) if main else [],
            "unlabelled": {"image": rest.numpy(), "loss": F.cross_entropy(logits, labels[rest], reduction="none").numpy()},
            # one selection is enough to look at
            "pictures": pictures(chosen, size.ks, rest, whole.train_images) if main and run.seed == 0 else [],
            "epochs": columns(history.epochs),
        }
        made = finished_record(run, history)
        right = int((torch.from_numpy(scores).argmax(1) == labels[rest]).sum())
        tables["scores"].append({"stage": "final", "split": "train", "images": len(rest), "correct": right, "loss": None})
        made = replace(made, config={**made.config, "classes": list(whole.classes)}, note="its score on `train` is that of the images without labels")
        folder = write_run(made, tables, self.runs)
        test = tables["scores"][0]
        tqdm.write(
            f"{run.run_id}: test {test['correct'] / test['images']:.1%}, images without labels {right / len(rest):.1%}, {history.seconds:.0f} s"
        )
        return folder


def choose(scores: np.ndarray, k: int, p: int) -> Selection:
    """The selection from scores, images x classes, taken in by chunks."""
    return select(np.array_split(scores, max(1, len(scores) // CHUNK)), k=k, p=p)


def spread(selection: Selection, seen: np.ndarray, true_id: np.ndarray) -> float:
    """How different the images of a class are: root mean square distance of their features (images x channels) from the class's mean, mean over the classes.

    Only images whose label is their `true_id` (one for each row of `seen`) count: others are far from
    their class's mean because they are wrong. 0 where there are none.
    """
    each, right = [], true_id[selection.image] == selection.class_id
    for class_id in np.unique(selection.class_id[right]):
        mine = seen[selection.image[right & (selection.class_id == class_id)]]
        each.append(float(np.sqrt(np.mean(np.sum((mine - mine.mean(axis=0)) ** 2, axis=1)))))
    return float(np.mean(each)) if each else 0.0


def thinned(scores: np.ndarray, labels: Tensor, ks: tuple[int, ...], ps: tuple[int, ...], seed: int) -> list[dict]:
    """Rows of the table `thinned`: what the same teacher selects from a pool in which classes are Zipf-distributed, as hashtags are."""
    sizes = zipf_sizes(int(torch.bincount(labels).min()), scores.shape[1], 1.0, seed)
    rows = long_tail(labels, sizes)
    true_id, rarest, found = labels[rows].numpy(), int(np.argmin(sizes)), []
    for p in ps:
        whole = choose(scores[rows.numpy()], max(ks), p)
        for k in ks:
            selection = whole.first(k)
            right, mine = true_id[selection.image] == selection.class_id, selection.class_id == rarest
            found.append(
                {
                    "p": p,
                    "k": k,
                    "labels": len(right),
                    "correct": int(right.sum()),
                    "rarest_images": min(sizes),
                    "rarest_labels": int(mine.sum()),
                    "rarest_correct": int(right[mine].sum()),
                }
            )
    return found


def rows_of(selection: Selection, p: int, rest: Tensor, labels: Tensor) -> list[dict]:
    """Rows of the table `selected`: images by their row in the train split."""
    image = rest[torch.from_numpy(selection.image)]
    listed = zip(selection.class_id.tolist(), selection.rank.tolist(), image.tolist(), selection.score.tolist(), labels[image].tolist(), strict=True)
    return [{"p": p, "class_id": c, "rank": r, "image": i, "score": round(min(1.0, s), 5), "true_id": t} for c, r, i, s, t in listed]


def pictures(chosen: dict[int, Selection], ks: tuple[int, ...], rest: Tensor, train_images: Tensor) -> list[dict]:
    """Rows of the table `pictures`: for each K and class the first and the last images, and the first that were taken by two classes."""
    wanted: set[int] = set()
    for selection in chosen.values():
        for k in ks:
            part = selection.first(k)
            last = np.append(np.diff(part.class_id) != 0, True)  # the end of each class's ranking
            after = part.rank[last].repeat(np.bincount(part.class_id)[np.unique(part.class_id)]) - part.rank
            wanted |= set(part.image[(part.rank <= SHOWN) | (after < SHOWN)].tolist())
            image, times = np.unique(part.image, return_counts=True)
            wanted |= set(image[times > 1][:8].tolist())
    rows = [(int(rest[i]), i) for i in sorted(wanted)]
    return [{"image": row, "png": png(train_images[row])} for row, _ in rows]


@dataclass(frozen=True, kw_only=True)
class StudentRequest(SupervisionRequest):
    """Students of every K and P, and the ones that they are compared with."""

    def planned(self) -> list[Run]:
        """All of a seed before the next seed; `inputs` name the teacher."""
        size = self.size
        middle_k, middle_p = size.middle
        variants = [{"kind": "selected", "k": k, "p": p} for p in size.ps for k in size.ks if p == middle_p or k >= middle_k]
        variants += [{"kind": "truth", "k": k, "p": middle_p} for k in size.ks]
        variants += [{"kind": "self", "k": middle_k, "p": middle_p}]
        config = {
            "labelled": size.labelled,
            "epoch_images": size.student_images,
            "finetune_epochs": size.finetune_epochs,
            "finetune_lr": FINETUNE_LR,
        }
        records = []
        for seed in range(self.seeds):
            for variant in variants:
                teacher = size.network if variant["kind"] == "self" else size.teacher
                inputs = (f"supervision-teacher-{teacher}-{self.scale}-s{seed}",)
                records.append(self.record("student", size.network, self.recipe(seed), variant, config, inputs))
        return records

    def extra_steps(self, run: Run) -> int:
        """The steps of the fine-tuning."""
        return self.size.finetune_epochs * (self.size.labelled // self.size.batch)

    def labelled(self, resident: Resident, seed: int) -> Resident:
        """The labelled part."""
        rows, _ = labelled_and_rest(self.size, resident, seed)
        return resident.taking(rows, resident.train_labels.cpu()[rows])

    def recipe(self, seed: int) -> Recipe:
        """The recipe on the selection."""
        return self.size.recipe(self.size.student_epochs, seed, **self.how())

    def first_stage(self, run: Run, resident: Resident) -> Resident:
        """What a student is trained on before it is fine-tuned: the selection, with the teacher's labels or the true ones."""
        image, class_id, true_id = selected(self.runs / run.inputs[0], run.config["k"], run.config["p"])
        if run.config["kind"] == "truth":
            image, first = np.unique(image, return_index=True)  # an image has one true label, however many classes took it
            return resident.taking(torch.from_numpy(image), torch.from_numpy(true_id[first]))
        return resident.taking(torch.from_numpy(image), torch.from_numpy(class_id))

    def lane(self, run: Run, resident: Resident, checkpoint: Checkpoint | None) -> Lane:
        """A student from scratch, in epochs of the same size and with the same schedule whatever there is to choose from."""
        how, config = self.recipe(run.seed), run.config
        return Lane(
            build(run.model, resident.classes, run.seed),
            self.first_stage(run, resident),
            how,
            devices.pick(self.device),
            name=f"{config['kind']} k {config['k']} p {config['p']} seed {run.seed}",
            checkpoint=checkpoint,
            evaluate_every=how.epochs,
            epoch_images=self.size.student_images,
        )

    def finish(self, run: Run, lane: Lane, resident: Resident) -> Path:
        """Judge the student, fine-tune it on the labelled part, judge it again, and write both."""
        history, size = lane.history(), self.size
        labels, epochs = resident.test_labels.cpu(), history.epochs
        pretrained = judgement(outputs(lane.model, resident, lane.precision), labels, "pretrained")
        how = size.recipe(size.finetune_epochs, run.seed, lr=FINETUNE_LR, **self.how())
        checkpoint = Checkpoint(lane.checkpoint.folder / "finetuning", lane.checkpoint.every_s)
        name = f"{lane.name}, fine-tuning"
        tuned = Lane(lane.model, self.labelled(resident, run.seed), how, lane.device, name=name, checkpoint=checkpoint, evaluate_every=how.epochs)
        (second,) = train_together([tuned], bar=None)
        tables = merged(pretrained, judgement(outputs(tuned.model, resident, tuned.precision), labels))
        begun = {"epoch": len(epochs), "step": epochs[-1]["step"]}
        epochs = [*epochs, *({**row, **{key: row[key] + first for key, first in begun.items()}} for row in second.epochs)]
        made, seconds = finished_record(run, history), history.seconds + second.seconds
        made = replace(made, seconds=seconds, config={**made.config, "entries": len(lane.data.train_labels)})
        folder = write_run(made, {"epochs": columns(epochs), **tables}, self.runs)
        final = tables["scores"][-1]
        tqdm.write(f"{run.run_id}: test {final['correct'] / final['images']:.1%}, {seconds:.0f} s")
        return folder


def selected(teacher: Path, k: int, p: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A teacher's selection for K and P: image, class_id, true_id, each of shape (entries,). Raises MissingInputError where the teacher has not run."""
    try:
        read_record(teacher)
        table = pq.read_table(teacher / "selected.parquet", filters=[("p", "==", p), ("rank", "<=", k)])
    except (ArtefactError, OSError, ValueError) as error:
        raise MissingInputError(f"{teacher.name} is not there ({' '.join(str(error).split())[:80]}); train it first") from None
    return tuple(table[name].to_numpy().astype(np.int64) for name in ("image", "class_id", "true_id"))
