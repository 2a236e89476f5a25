"""The assignment's questions as store/published/questions.csv lists them, and the views of the report."""

import csv

from compute.core.vocabulary import PROBLEMS
from tests.conftest import PROJECT

with open(PROJECT / "store" / "published" / "questions.csv", encoding="utf-8", newline="") as _file:
    ROWS = list(csv.DictReader(_file))

QUESTIONS = tuple(row["question"] for row in ROWS)
# problem: its questions, in order
BY_PROBLEM = {problem: [row["question"] for row in ROWS if row["problem"] == problem] for problem in PROBLEMS}
# the view that fits a log, and imports scipy for it
YOUR_TRAINING = ("pages/your_training.py", None)
# page file and question (None where the page has none) of every view
VIEWS = [
    ("pages/overview.py", None),
    *((f"pages/{problem}.py", question) for problem, questions in BY_PROBLEM.items() for question in questions),
    YOUR_TRAINING,
    ("pages/scheduler.py", None),
    ("pages/runs.py", None),
]
