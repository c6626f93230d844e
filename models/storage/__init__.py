"""What is on disk, and whole after a kill at any moment.

    files      the home folder, atomic writes, results as `.npz` files
    specs      dataclasses that go through JSON and back
    progress   what a long computation reports to
    runs       the run directories: the truth about every job

May import: no other wing.
"""
