"""Sweeps: the same training for several values of one choice, so that differences are more than luck.

    variations    changes of a recipe by name: ways to begin (the controls among them), and regularisers
    spec          what is swept over, with how many seeds; the cells and their recipes; the job
    cells         the finished and the claimed cells, as files
    convergence   whether a training had come to its end, by its validation loss
    results       accuracy by value over seeds, and differences of the same seed; shipped sweeps
    pretraining   was pretraining needed? the answer of a sweep over the number of pictures
    worker        trains the cells

May import storage, jobs, pictures, frame8, backbones and training.
"""
