"""Models that pages and experiments share: pure functions on frozen dataclasses, with nothing heavier than numpy."""
