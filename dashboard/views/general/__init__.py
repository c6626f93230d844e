"""The page "General or specific?": how transferable each layer is, in three views.

    experiment          the measured experiment beside the published one: controls, curves
    figures             its curves, and what is marked in them
    figures_treatments  its treatments, drawn
    findings            what the curves say in words, here and in the paper
    notes               the runs behind a point, what is smaller than in the paper, downloads
    live_slice          the experiment on the digits, trained on demand
    probe               a linear probe of every block, computed on demand
    figures_probe       its chart

They use widgets and figures; of the core transferability, representations, networks, backbones, jobs and storage.
"""
