"""The losses of one training, as its log would hold them."""

import pandas as pd

from store.reader import Reader


def logged_steps(reader: Reader, run_id: str) -> pd.DataFrame:
    """A training's losses: step (those done by then, from 1), loss."""
    return reader.df("SELECT step + 1 AS step, loss FROM steps WHERE run_id = ? ORDER BY step", [run_id])


def logged_epochs(reader: Reader, run_id: str) -> pd.DataFrame:
    """A training's epochs, from 0: epoch, step, lr, train_loss, train_accuracy, test_loss, test_accuracy, seconds."""
    return reader.df(
        """
        SELECT epoch, step, lr, train_loss, train_accuracy, test_loss, test_accuracy, seconds
        FROM epochs WHERE run_id = ? ORDER BY epoch
        """,
        [run_id],
    )
