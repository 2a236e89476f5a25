"""Training shared by the problems: the loop and its checkpoints, sweeps of many runs, evaluation."""
