"""Problem 3's sections: peak (3.1), counts (3.2), overhead (3.3), inference (3.4)."""
