"""What asks networks for their maps.

maps       of one picture, and over a sample of the data
changes    of a run's network at its start, its end and its kept epochs
"""
