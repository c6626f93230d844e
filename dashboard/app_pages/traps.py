"""Trainings that go wrong on purpose, each beside its cure: how they look, and how to tell them in your own work."""

from dashboard import state
from dashboard.components import own_trap_runs, traps_panel
from dashboard.components.page import header

header("What goes wrong", "The same training twice: with a mistake, and cured. One thing differs, all else is equal.")
name = traps_panel.choose()
traps_panel.results(name)
own_trap_runs.own_runs(name, state.selection().owner)
