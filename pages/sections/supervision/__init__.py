"""Problem 2's sections: contrast (2.1), pretraining (2.2), teaching, parameters, construction, student_curve (2.3a to
d).
"""
