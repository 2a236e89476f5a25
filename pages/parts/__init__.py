"""Pieces that the pages share: access to the store, figures, answer cards, badges."""
