"""The page of a reader's own training: the log, what was understood, the fits, the forecast."""
