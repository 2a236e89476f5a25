"""Problem 3: what the layers of a network cost, counted by formula and measured by the clock."""
