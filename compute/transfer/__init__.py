"""Problem 1's experiments: a data set, ResNet-50 fine-tuned on it, and new last layers on frozen features."""
