"""Problem 1's queries: the target data set, accuracies, costs, classes."""
