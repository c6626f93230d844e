"""Maps as networks give them.

    maps       of one picture, and over a sample of the data
    changes    of a run's network at its start, its end and its kept epochs

Only workers import these.
"""
