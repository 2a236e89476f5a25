"""The training room: a network's way through its recipe, checkpoints, sweeps over many runs, evaluation."""
