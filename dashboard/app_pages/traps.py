"""Trainings that go wrong on purpose, each beside its cure: how they look, and how to notice them in your own work."""

from dashboard import state
from dashboard.views.traps import own_runs, panel
from dashboard.widgets.page import header, stage

header("What goes wrong", "The same training with a mistake and cured: one thing differs, everything else is equal.")
name = panel.choose()
with stage(f"traps {name}"):
    panel.results(name)
    own_runs.own_runs(name, state.selection().owner)
