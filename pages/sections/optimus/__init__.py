"""Problem 4's sections: losses (4.1), prediction (4.2), plan (4.3)."""
