"""Problem 2's sections: contrast (2.1), pretraining (2.2), teaching (2.3a), selection (2.3b, c), student_curve (d)."""
