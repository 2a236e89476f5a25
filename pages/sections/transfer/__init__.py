"""Problem 1's sections: target (1.1a), training (1.1b, 1.1c), heads (1.2a), comparison (1.2b)."""
