"""Problem 4: Optimus' loss and speed models, the prediction of ResNet-50, time and cost to accuracy."""

from pages.parts.data import through_entrance
from pages.parts.sections import page
from pages.sections.optimus import losses, plan, prediction

through_entrance()
page("Optimus: loss models, speed models, time and cost", {"4.1": losses.show, "4.2": prediction.show, "4.3": plan.show})
