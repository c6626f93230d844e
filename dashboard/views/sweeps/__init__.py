"""The Sweeps page: one choice, several values, several seeds.

    controls    what changes, values, seeds, recipe, cost, start
    result      the choice of a sweep, its chart, its cells
    words       its findings in sentences
    figures     its charts

They use widgets and figures; of the core sweeps, training, backbones, jobs and storage.
"""
