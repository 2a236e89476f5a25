"""Problem 4: the training runs, their loss models, the prediction of another depth, and plans of hours and costs."""
