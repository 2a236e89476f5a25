"""Optimus as a scheduler (Peng et al., EuroSys '18), its baselines, and a simulator: pure functions on numpy alone.

`servers` are parameter servers throughout, as in the speed models; the computers that tasks run on are `machines`.
"""
