"""Problem 2's experiments on CIFAR-10: label noise, resampling of a long tail, teacher and student."""
