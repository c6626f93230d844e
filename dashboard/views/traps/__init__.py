"""The page of prepared mistakes: trainings that go wrong on purpose, each beside its cure.

    panel     the choice of a mistake and its shipped results; what a leak claims and what is true
    own_runs  the same as the visitor's own trainings

It uses widgets and figures, and `presets` of the Train page to fill its controls; of the core training, jobs and
storage.
"""
