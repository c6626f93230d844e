"""The Compare page: finished trainings side by side.

    panel    the choice of runs, their accuracies, curves and recipes
    cka      linear CKA of two of the networks: which two, the job, the result
    figures  its matrix

It uses widgets and figures; of the core training, representations, jobs and storage.
"""
