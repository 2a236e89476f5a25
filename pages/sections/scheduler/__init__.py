"""The scheduler's sandbox, and section 6 of the Optimus paper in simulation."""
