"""Training logs: the bytes of a file in, losses, epochs and learning-rate drops out.

On the standard library and numpy alone, with pyarrow for Parquet, so that the report may read logs as well.
"""

from compute.logs.log import Epochs, Log, LogError, Milestone
from compute.logs.read import read_log

__all__ = ["Epochs", "Log", "LogError", "Milestone", "read_log"]
