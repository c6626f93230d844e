"""How transferable is each layer? The experiment of Yosinski et al. in miniature, beside the published one."""

from dashboard.components.general_experiment import experiment
from dashboard.components.page import header

header(
    "General or specific?",
    "Copy the first n layers of a network, let the rest start anew, and see what is left of its accuracy.",
)
experiment()
