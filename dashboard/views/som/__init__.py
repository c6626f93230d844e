"""The page of the self-organising map: train one and watch it, read it, follow one step, see it fail.

    watch             the film of a map that trains or has trained
    unit              one unit of it at a frame: its weights and its samples
    controls          what to train, and the button that starts it
    table_upload      a visitor's own table as data
    table_as_read     how it was read, its first rows, how to read it otherwise; samples as its rows
    formulas          what a step does, typeset
    export            a trained map to take away
    reading           a trained map read: pictures of it, the samples of a unit, the units of a sample
    neighbours        are the classes that a run confuses neighbours on the map?
    one_step          online training one step at a time
    two_forms         its neighbourhood measured on the lattice, and between weights
    worked_example    the lecture's example with three units
    depth             how pure small maps of each layer are
    rotation          the plain map beside the one that ignores rotations
    failures          maps that failed on purpose, each beside its cure
    weights           weights and samples as what they are: colours, points or pictures
    figures           a map as pictures of its lattice
    figures_classes   classes on a map
    figures_net       a map where its weights lie in the data
    cache             films, samples and trainings, kept for the next rerun

It uses widgets and figures; of the core som, training, pictures, jobs and storage.
"""
