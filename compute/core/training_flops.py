"""FLOPs of a training on images, from what one forward pass costs; a multiply-accumulate counts as two.

The model is the usual one: a backward pass computes the gradients with respect to the inputs and to the
weights of every layer, each as much work as the forward pass; the optimizer's work is left out.
"""

from compute.core.vocabulary import APPROACHES

TRAINING_PASSES = 3  # the forward pass, and two of its size for the gradients
FLOPS_PER_MAC = 2
RESNET50_FEATURES = 2048  # inputs of ResNet-50's last layer


def images_per_epoch(train_images: int, batch: int) -> int:
    """The images of an epoch's whole batches; an incomplete last batch is dropped."""
    return train_images // batch * batch


def last_layer_flops(classes: int, features: int = RESNET50_FEATURES) -> int:
    """FLOPs of the last layer's forward pass for one image."""
    return FLOPS_PER_MAC * features * classes


def last_layer_parameters(classes: int, features: int = RESNET50_FEATURES) -> int:
    """Weights and biases of a last layer."""
    return (features + 1) * classes


def training_flops(
    *,
    job: str,
    forward_flops: float,
    train_images: int,
    classes: int,
    epochs: int | None = None,
    batch: int | None = None,
    augmentations: int | None = None,
) -> float:
    """FLOPs of one training of an approach of Problem 1 (`job`, a key of APPROACHES).

    `forward_flops` is one image's forward pass through the base network. Where all layers are trained, every
    image of every epoch takes TRAINING_PASSES of them. Where the network is frozen, each image is passed
    forward once in every one of its `augmentations` (once as it is, where there are None), and once more for
    new BatchNorm statistics (`adabn`); where the last layer is trained by SGD over `epochs`, its own
    TRAINING_PASSES follow. A linear probe's solver (no `epochs`) is left out.
    """
    trained_images = epochs * images_per_epoch(train_images, batch) if epochs and batch else 0
    if APPROACHES[job].all_layers:
        return TRAINING_PASSES * forward_flops * trained_images
    passes = (augmentations or 1) + (job == "adabn")
    return forward_flops * train_images * passes + TRAINING_PASSES * last_layer_flops(classes) * trained_images
