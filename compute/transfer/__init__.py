"""Problem 1's experiments: a data set described, ResNet-50 fine-tuned on it, and new last layers on its frozen features."""
