"""How much data and how many epochs the experiments of Problem 2 take at each scale."""

from dataclasses import dataclass

from compute.core.schedule import milestones_at
from compute.core.supervision import middle
from compute.training.recipe import Recipe

MILESTONES = (0.5, 0.75)  # fractions of the epochs after which the learning rate drops, as in Problem 4


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """The sizes of one scale.

    A network is pretrained on `source_images` for `source_epochs` and transferred to `target_images`.
    Teachers are trained and students fine-tuned on `labelled_images`; from all others K images a class are
    selected for each of `ks` and `ps`. A student sees `student_images` of its selection in each of
    `student_epochs`, whatever K is. The supervised baseline makes as many steps in its `supervised_epochs`.
    """

    dataset: str
    network: str
    teacher: str
    source_images: int
    target_images: int
    source_epochs: int
    labelled_images: int
    teacher_epochs: int
    supervised_epochs: int
    student_images: int
    student_epochs: int
    finetune_epochs: int
    ks: tuple[int, ...]
    ps: tuple[int, ...] = (1, 2, 5)
    batch: int = 128

    @property
    def middle(self) -> tuple[int, int]:
        """The K and P at which every kind of student is trained."""
        return middle(self.ks), middle(self.ps)

    def recipe(self, epochs: int, seed: int, lr: float = 0.1, **options) -> Recipe:
        """Problem 4's recipe: SGD with momentum 0.9, weight decay 1e-4 and two drops of the learning rate."""
        milestones = milestones_at(MILESTONES, epochs)
        return Recipe(epochs=epochs, milestones=milestones, batch=self.batch, lr=lr, seed=seed, **options)


SIZES = {
    "smoke": Sizes(
        dataset="synthetic",
        network="resnet8",
        teacher="resnet20",
        source_images=80,
        target_images=80,
        source_epochs=2,
        labelled_images=80,
        teacher_epochs=4,
        supervised_epochs=6,
        student_images=80,
        student_epochs=4,
        finetune_epochs=2,
        ks=(8, 16, 32),
        ps=(1, 2),
        batch=16,
    ),
    "small": Sizes(
        dataset="cifar10",
        network="resnet8",
        teacher="resnet20",
        source_images=10_000,
        target_images=1_000,
        source_epochs=15,
        labelled_images=4_000,
        teacher_epochs=50,
        supervised_epochs=34,
        student_images=8_000,
        student_epochs=12,
        finetune_epochs=10,
        ks=(500, 2000, 4000, 6000, 8000),
    ),
    "paper": Sizes(
        dataset="cifar10",
        network="resnet20",
        teacher="resnet56",
        source_images=40_000,
        target_images=4_000,
        source_epochs=100,
        labelled_images=4_000,
        teacher_epochs=300,
        supervised_epochs=1036,
        student_images=40_000,
        student_epochs=93,
        finetune_epochs=100,
        ks=(500, 2000, 4000, 6000, 8000),
    ),
}
