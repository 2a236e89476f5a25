"""Problem 4: the training runs, their loss models, and what they say about time and cost."""
