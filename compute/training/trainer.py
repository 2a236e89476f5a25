"""One network in training: its step, its epoch, and the state that a checkpoint holds."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from compute import ComputeError
from compute.core.runs import now
from compute.core.schedule import multi_step
from compute.training.checkpoint import UNUSABLE, Checkpoint
from compute.training.device_dataset import DeviceDataset, batch_indices, steps_per_epoch
from compute.training.evaluation import evaluate
from compute.training.execution import Execution
from compute.training.recipe import History, Recipe


class DivergedError(ComputeError):
    """The loss of one training is no longer finite; trainings beside it are unaffected."""


class Trainer:
    """A network with its optimiser, its data and its position in the recipe.

    `groups` are optimiser parameter groups, with an optional `scale` on the learning rate (None: one group
    of all parameters that require a gradient). `weights`, one for each image, sample an epoch with
    replacement; an epoch has `epoch_images` images (None: as many as there are). The evaluation images are
    evaluated after every `evaluate_every` epochs, after each epoch from number `evaluate_all_from` on, and
    after the last one. `initialisation` says where the network's initial weights come from.

    With a `checkpoint` that holds a state the trainer continues from there; on a CPU, with the same number
    of threads, all numbers are then bit for bit those of an uninterrupted training. Raises ComputeError
    for a state that cannot be used.
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
        self.name, self.recipe, self.device, self.data = name, recipe, device, data
        self.weights, self.checkpoint, self.initialisation = weights, checkpoint, initialisation
        self.model = model.to(device, memory_format=torch.channels_last)
        groups = groups or [{"params": [p for p in model.parameters() if p.requires_grad]}]
        self.lr_scales = [group.get("scale", 1.0) for group in groups]
        self.optimizer, self.momentum_buffers = sgd([list(group["params"]) for group in groups], recipe)

        self.epoch_images = epoch_images or len(data.train_labels)
        self.steps = steps_per_epoch(self.epoch_images, recipe.batch)
        self.batch = min(self.epoch_images, recipe.batch)
        # of the current epoch: the images of each step, the step's number, and each step's loss and correct predictions
        self.indices = torch.zeros(self.steps, 4, self.batch, dtype=torch.int64, device=device)
        self.cursor = torch.zeros(1, dtype=torch.int64, device=device)
        self.losses = torch.zeros(self.steps, device=device)
        self.correct = torch.zeros(self.steps, dtype=torch.int64, device=device)

        self.epoch, self.rows, self.finished_losses, self.elapsed_s = 0, [], [], 0.0
        self.evaluate_every, self.evaluation = evaluate_every, None
        self.evaluate_all_from = recipe.epochs if evaluate_all_from is None else evaluate_all_from
        self.started_at = now()
        self.execution = Execution(recipe, device, name)
        self.precision = self.execution.precision
        if checkpoint and (state := checkpoint.load(self.settings())):
            try:
                self.load_state(state)
            except UNUSABLE as error:
                raise checkpoint.unusable(error) from None
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    # ------------------------------------------------------------ an epoch, in the order of its parts

    def begin_epoch(self) -> None:
        """Draw the epoch's batches and set its learning rate; both depend on the epoch's number alone."""
        recipe, data = self.recipe, self.data
        indices = batch_indices(
            len(data.train_labels),
            recipe.batch,
            recipe.seed,
            self.epoch,
            pad=data.pad,
            augment=recipe.augment,
            weights=self.weights,
            size=self.epoch_images,
        )
        self.lr = multi_step(self.epoch, lr=recipe.lr, milestones=recipe.milestones)
        for group, scale in zip(self.optimizer.param_groups, self.lr_scales, strict=True):
            group["lr"] = self.lr * scale
        training_mode(self.model)
        with self.execution.on_stream():
            self.indices.copy_(indices)
            self.cursor.zero_()
        modified = [*self.model.parameters(), *self.model.buffers(), *self.momentum_buffers]
        modified += [self.cursor, self.losses, self.correct]
        self.execution.prepare(self.compute_step, modified, self.optimizer.zero_grad, self.lr)

    def step(self) -> None:
        """Queue one step; on CUDA without waiting for it."""
        self.execution.run(self.compute_step)

    def compute_step(self) -> None:
        """The step itself: it reads and writes tensors at fixed addresses and never waits, so it can be captured."""
        images, labels = self.data.batch(self.indices.index_select(0, self.cursor)[0])
        with self.precision():
            logits = self.model(images)
        logits = logits.float()
        loss = F.cross_entropy(logits, labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            self.losses.index_copy_(0, self.cursor, loss.detach()[None])
            self.correct.index_copy_(0, self.cursor, (logits.argmax(1) == labels).sum()[None])
            self.cursor.add_(1).remainder_(self.steps)

    def synchronize(self) -> None:
        """Wait for the epoch's steps and read their losses. Raises DivergedError for one that is not finite."""
        with self.execution.on_stream():
            self.epoch_losses, self.epoch_correct = self.losses.cpu().clone(), int(self.correct.sum())
        not_finite = (~torch.isfinite(self.epoch_losses)).nonzero()
        if len(not_finite):
            first = int(not_finite[0])
            where = f"step {self.epoch * self.steps + first} (epoch {self.epoch}, learning rate {self.lr:g})"
            raise DivergedError(
                f"{self.name}: the loss is {float(self.epoch_losses[first])} at {where}; lower the learning rate"
            )

    def evaluation_due(self, epochs: int) -> bool:
        """Whether the evaluation images are evaluated once `epochs` epochs are finished."""
        return epochs % self.evaluate_every == 0 or epochs >= self.evaluate_all_from

    def evaluate(self) -> None:
        """Queue the evaluation, if it is due after this epoch."""
        self.evaluation = None
        if self.evaluation_due(self.epoch + 1):
            with self.execution.on_stream():
                self.evaluation = evaluate(self.model, self.data, self.precision)

    def end_epoch(self, train_s: float, total_s: float) -> None:
        """Add the epoch to the history, and save the checkpoint if it is due.

        `train_s` is the epoch's time in seconds without the evaluation, `total_s` with it.
        """
        with self.execution.on_stream():
            test_loss, test_accuracy = (None, None) if self.evaluation is None else self.evaluation.tolist()
        images = self.steps * self.batch
        self.finished_losses.append(self.epoch_losses)
        self.epoch += 1
        self.elapsed_s += total_s
        self.rows.append(
            {
                "epoch": self.epoch - 1,
                "step": self.epoch * self.steps,
                "lr": self.lr,
                "train_loss": float(self.epoch_losses.double().mean()),
                "train_accuracy": self.epoch_correct / images,
                "test_loss": test_loss if test_loss is not None and np.isfinite(test_loss) else None,
                "test_accuracy": test_accuracy,
                "seconds": train_s,
                "images_per_s": images / train_s,
            }
        )
        if self.checkpoint:
            self.checkpoint.save(self.state(), now=self.epoch == self.recipe.epochs)

    # ------------------------------------------------------------ state

    def settings(self) -> dict:
        """What must be the same for a checkpoint to be continued; the execution mode may differ."""
        settings = {key: value for key, value in self.recipe.as_dict().items() if key != "execution_mode"}
        settings["parameters"] = sum(p.numel() for p in self.model.parameters())
        settings["train_images"] = len(self.data.train_labels)
        return {**settings, "initialisation": self.initialisation} if self.initialisation else settings

    def state(self) -> dict:
        """The state for a checkpoint. Batches need none, they follow from the epoch; `rng` is torch's, for dropout."""
        return {
            "settings": self.settings(),
            "epoch": self.epoch,
            "model": self.model.state_dict(),
            "momentum_buffers": self.momentum_buffers,
            "rng": torch.get_rng_state(),
            "losses": torch.cat(self.finished_losses),
            "rows": self.rows,
            "elapsed_s": self.elapsed_s,
            "started_at": self.started_at,
        }

    def load_state(self, state: dict) -> None:
        """Continue from a saved state. Raises what UNUSABLE lists for a damaged one."""
        epoch, rows, losses = int(state["epoch"]), list(state["rows"]), state["losses"]
        if not len(rows) == epoch or not len(losses) == epoch * self.steps:
            raise ValueError(f"{len(losses)} losses and {len(rows)} rows for {epoch} epochs of {self.steps} steps")
        self.model.load_state_dict(state["model"])
        for buffer, saved in zip(self.momentum_buffers, state["momentum_buffers"], strict=True):
            buffer.copy_(saved)
        self.elapsed_s, self.started_at = float(state["elapsed_s"]), str(state["started_at"])
        torch.set_rng_state(state["rng"])
        self.epoch, self.rows, self.finished_losses = epoch, rows, [losses]

    def history(self) -> History:
        """Everything recorded since the first epoch, and the weights."""
        weights = {key: value.detach().cpu().clone() for key, value in self.model.state_dict().items()}
        return History(
            losses=torch.cat(self.finished_losses).numpy(),
            epochs=self.rows,
            state=weights,
            seconds=self.elapsed_s,
            started_at=self.started_at,
            execution_mode=self.execution.mode,
        )


def sgd(groups: list[list[nn.Parameter]], recipe: Recipe) -> tuple[torch.optim.SGD, list[Tensor]]:
    """The recipe's SGD over groups of parameters, and its momentum buffers, zeros at first.

    torch would create the buffers in the first step, as copies of the gradient, which zeros lead to as
    well; created here, they have the fixed addresses that a captured CUDA graph needs.
    """
    parameter_groups = [{"params": parameters} for parameters in groups]
    optimizer = torch.optim.SGD(
        parameter_groups, lr=recipe.lr, momentum=recipe.momentum, weight_decay=recipe.weight_decay
    )
    if not recipe.momentum:
        return optimizer, []
    buffers = []
    for group in optimizer.param_groups:
        for p in group["params"]:
            buffers.append(torch.zeros_like(p))
            optimizer.state[p]["momentum_buffer"] = buffers[-1]
    return optimizer, buffers


def training_mode(model: nn.Module) -> None:
    """Set training mode, except in modules whose parameters are all frozen: frozen BatchNorm keeps its statistics."""
    model.train()
    for module in model.modules():
        parameters = list(module.parameters(recurse=False))
        if parameters and not any(p.requires_grad for p in parameters):
            module.eval()
