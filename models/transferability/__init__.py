"""How transferable is each layer? The experiment of Yosinski et al. (2014) in miniature, and a live slice of it.

    experiment    its treatments, architectures and schedule, and the rows that its networks leave
    curves        curves of accuracy by layers copied: from measured rows, and those that were published
    findings      where a treatment differs from another by more than runs scatter
    slice         the live slice on the digits: its spec, its rows; the job
    worker        trains the networks

May import storage, jobs, pictures and frame8 (whose pretraining reads the same pictures).
"""
