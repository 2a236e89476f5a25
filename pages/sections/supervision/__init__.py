"""Problem 2's sections: contrast (2.1), pretraining (2.2), teaching (2.3a), selection (2.3b, 2.3c), student_curve (2.3d)."""
