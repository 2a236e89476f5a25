"""One network on its way through its recipe: the step, the epoch, and everything a checkpoint must hold."""

from contextlib import nullcontext

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from compute import ComputeError
from compute.core.runs import now
from compute.core.schedule import multi_step
from compute.training.checkpoint import Checkpoint
from compute.training.cuda_graph import capture
from compute.training.device_dataset import DeviceDataset, batch_indices, steps_of
from compute.training.evaluation import evaluate
from compute.training.recipe import History, Recipe


class DivergedError(ComputeError):
    """A loss that is not finite; what else trains is not concerned."""


class Trainer:
    """A network, its optimiser and its place in the recipe.

    `groups` are optimiser parameter groups, with an optional `scale` on the learning rate (None: every
    parameter that requires a gradient). `weights` (one an image) sample an epoch with replacement, and
    an epoch has `epoch_images` (None: as many as there are). The test images are evaluated after every
    `evaluate_every` epochs, after each from number `evaluate_all_from` on, and after the last one. `initialisation` says what the network's weights were at the start.
    With a `checkpoint` the trainer begins where that left off; on a CPU, with the same number of
    threads, all its numbers are then bit for bit those of an uninterrupted training.
    """

    def __init__(
        self,
        model: nn.Module,
        data: DeviceDataset,
        recipe: Recipe,
        device: torch.device,
        *,
        name: str = "network",
        groups: list[dict] | None = None,
        weights: Tensor | None = None,
        checkpoint: Checkpoint | None = None,
        evaluate_every: int = 1,
        evaluate_all_from: int | None = None,
        epoch_images: int | None = None,
        initialisation: str | None = None,
    ):
        self.name, self.recipe, self.device, self.data, self.weights, self.checkpoint = name, recipe, device, data, weights, checkpoint
        self.model = model.to(device, memory_format=torch.channels_last)
        groups = groups or [{"params": [p for p in model.parameters() if p.requires_grad]}]
        self.scales = [group.get("scale", 1.0) for group in groups]
        groups = [{"params": list(group["params"])} for group in groups]
        self.optimizer = torch.optim.SGD(groups, lr=recipe.lr, momentum=recipe.momentum, weight_decay=recipe.weight_decay)
        # SGD's own first step sets the momentum to the gradient, which is what zeros lead to, but these
        # stay at the addresses that a captured graph knows
        self.momentum_buffers = [torch.zeros_like(p) for group in groups for p in group["params"]] if recipe.momentum else []
        for p, momentum in zip((p for group in groups for p in group["params"]), self.momentum_buffers, strict=False):
            self.optimizer.state[p]["momentum_buffer"] = momentum
        self.initialisation, self.epoch_images = initialisation, epoch_images or len(data.train_labels)
        self.steps, self.batch = steps_of(self.epoch_images, recipe.batch), min(self.epoch_images, recipe.batch)
        self.plan = torch.zeros(self.steps, 4, self.batch, dtype=torch.int64, device=device)
        self.cursor = torch.zeros(1, dtype=torch.int64, device=device)
        self.losses = torch.zeros(self.steps, device=device)
        self.hits = torch.zeros(self.steps, dtype=torch.int64, device=device)
        self.epoch, self.rows, self.past, self.elapsed_s = 0, [], [], 0.0
        self.evaluate_every, self.score = evaluate_every, None
        self.evaluate_all_from = recipe.epochs if evaluate_all_from is None else evaluate_all_from
        self.started_at = now()
        self.graph, self.captured_lr = None, None
        self.stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self.execution_mode = execution_mode_for(recipe.execution_mode, device)
        saved = checkpoint.load(self.settings()) if checkpoint else None
        if saved:
            self.restore(saved)
        if self.stream:
            torch.cuda.synchronize(device)

    # ------------------------------------------------------------ an epoch, in the order of its parts

    def begin(self) -> None:
        """Draw the epoch's batches and set its learning rate; nothing of the epochs before has a say in it."""
        recipe, count = self.recipe, len(self.data.train_labels)
        drawn = {"pad": self.data.pad, "augment": recipe.augment, "weights": self.weights, "size": self.epoch_images}
        plan = batch_indices(count, recipe.batch, recipe.seed, self.epoch, **drawn)
        self.lr = multi_step(self.epoch, lr=recipe.lr, milestones=recipe.milestones)
        for group, scale in zip(self.optimizer.param_groups, self.scales, strict=True):
            group["lr"] = self.lr * scale
        training_mode(self.model)
        with self.on_stream():
            self.plan.copy_(plan)
            self.cursor.zero_()
        if self.execution_mode == "graph" and self.captured_lr != self.lr:
            self.capture()

    def step(self) -> None:
        """One step, by graph if there is one."""
        with self.on_stream():
            if self.graph:
                self.graph.replay()
            else:
                self.compute()

    def compute(self) -> None:
        """The step itself. It reads and writes fixed tensors only and never waits, so that it can be captured as it stands."""
        images, labels = self.data.batch(self.plan.index_select(0, self.cursor)[0])
        with self.precision():
            logits = self.model(images)
        logits = logits.float()
        loss = F.cross_entropy(logits, labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            self.losses.index_copy_(0, self.cursor, loss.detach()[None])
            self.hits.index_copy_(0, self.cursor, (logits.argmax(1) == labels).sum()[None])
            self.cursor.add_(1).remainder_(self.steps)

    def synchronize(self) -> None:
        """Wait for the epoch's steps, the first time since its start, and read their losses."""
        with self.on_stream():
            self.fresh, self.correct = self.losses.cpu().clone(), int(self.hits.sum())
        wrong = (~torch.isfinite(self.fresh)).nonzero()
        if len(wrong):
            at, value = self.epoch * self.steps + int(wrong[0]), float(self.fresh[wrong[0]])
            where = f"step {at} (epoch {self.epoch}, learning rate {self.lr:g})"
            raise DivergedError(f"{self.name}: the loss is {value} at {where}; lower the learning rate")

    def evaluation_due(self, epochs: int) -> bool:
        """Whether the test images are evaluated once `epochs` epochs are done."""
        return epochs % self.evaluate_every == 0 or epochs >= self.evaluate_all_from

    def evaluate(self) -> None:
        """Queue the pass over the test images, where it is due."""
        self.score = None
        if self.evaluation_due(self.epoch + 1):
            with self.on_stream():
                self.score = evaluate(self.model, self.data, self.precision)

    def end(self, train_s: float, total_s: float) -> None:
        """Write the epoch down, and the checkpoint when it is due. `train_s` leaves the evaluation out, `total_s` has it in."""
        with self.on_stream():
            test_loss, test_accuracy = (None, None) if self.score is None else self.score.tolist()
        seen = self.steps * self.batch
        self.past.append(self.fresh)
        self.epoch += 1
        self.elapsed_s += total_s
        self.rows.append(
            {
                "epoch": self.epoch - 1,
                "step": self.epoch * self.steps,
                "lr": self.lr,
                "train_loss": float(self.fresh.double().mean()),
                "train_accuracy": self.correct / seen,
                "test_loss": test_loss if test_loss is not None and np.isfinite(test_loss) else None,
                "test_accuracy": test_accuracy,
                "seconds": train_s,
                "images_per_s": seen / train_s,
            }
        )
        if self.checkpoint:
            self.checkpoint.save(self.saved(), now=self.epoch == self.recipe.epochs)

    # ------------------------------------------------------------ state

    def settings(self) -> dict:
        """What a checkpoint must agree on to be continued; the engine may change."""
        recipe = {key: value for key, value in self.recipe.plain().items() if key != "execution_mode"}
        more = {"initialisation": self.initialisation} if self.initialisation else {}
        return {**recipe, "parameters": sum(p.numel() for p in self.model.parameters()), "train_images": len(self.data.train_labels), **more}

    def saved(self) -> dict:
        """The trainer as a checkpoint. Order and augmentation of the images need no state; torch's generator is for dropout."""
        return {
            "settings": self.settings(),
            "epoch": self.epoch,
            "model": self.model.state_dict(),
            "momentum_buffers": self.momentum_buffers,
            "rng": torch.get_rng_state(),
            "losses": torch.cat(self.past),
            "rows": self.rows,
            "elapsed_s": self.elapsed_s,
            "started_at": self.started_at,
        }

    def restore(self, saved: dict) -> None:
        """Go back to where `saved` was made."""
        self.model.load_state_dict(saved["model"])
        for mine, theirs in zip(self.momentum_buffers, saved["momentum_buffers"], strict=True):
            mine.copy_(theirs)
        torch.set_rng_state(saved["rng"])
        self.epoch, self.rows, self.past = saved["epoch"], saved["rows"], [saved["losses"]]
        self.elapsed_s, self.started_at = saved["elapsed_s"], saved["started_at"]

    def history(self) -> History:
        """All that was seen since the first epoch."""
        state = {key: value.detach().cpu().clone() for key, value in self.model.state_dict().items()}
        return History(
            losses=torch.cat(self.past).numpy(),
            epochs=self.rows,
            state=state,
            seconds=self.elapsed_s,
            started_at=self.started_at,
            execution_mode=self.execution_mode,
        )

    # ------------------------------------------------------------ the device

    def on_stream(self):
        """The context of the trainer's own stream; none on a CPU."""
        return torch.cuda.stream(self.stream) if self.stream else nullcontext()

    def precision(self):
        """The context that computes in the recipe's precision."""
        if self.device.type == "cuda":
            torch.backends.cudnn.benchmark = True
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = self.recipe.precision == "tf32"
        # no cache of cast weights: in a captured graph it would hold those of the capture
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.precision == "bf16", cache_enabled=False)

    def capture(self) -> None:
        """Record the step as a CUDA graph; the learning rate is part of the record, so each of its values has its own.

        A network that cannot be captured goes on eagerly and says so, unless graphs were asked for.
        """
        touched = [*self.model.parameters(), *self.model.buffers(), *self.momentum_buffers, self.cursor, self.losses, self.hits]
        self.graph = None
        try:
            self.graph = capture(self.compute, touched, self.optimizer.zero_grad, self.stream)
            self.captured_lr = self.lr
        except RuntimeError as error:
            if self.recipe.execution_mode == "graph":
                reason = " ".join(str(error).split())[:100]
                raise ComputeError(f"{self.name} cannot be captured as a CUDA graph ({reason}); use --execution-mode eager") from None
            tqdm.write(f"{self.name}: no CUDA graph, training goes on eagerly")
            self.execution_mode = "eager"


def execution_mode_for(wanted: str, device: torch.device) -> str:
    """The engine that `auto`, `eager` or `graph` means on a device. Raises ComputeError for graphs without CUDA."""
    if wanted == "graph" and device.type != "cuda":
        raise ComputeError("CUDA graphs need a CUDA device; use --execution-mode auto or eager")
    return wanted if wanted != "auto" else "graph" if device.type == "cuda" else "eager"


def training_mode(model: nn.Module) -> None:
    """Training mode, but modules whose own parameters are all frozen stay as in evaluation: a frozen BatchNorm keeps its statistics."""
    model.train()
    for module in model.modules():
        own = list(module.parameters(recurse=False))
        if own and not any(p.requires_grad for p in own):
            module.eval()
