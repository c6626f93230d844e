"""The parts of the Backbone page.

    picker        the choice of a backbone and of the side of its pictures; its weights
    layers        diagram, layer table, first-layer kernels
    pretraining   how Frame8 was pretrained
    own_classes   the classifier it was pretrained with
    compared      all backbones of this machine on one data set
    figures       training curves, and accuracy by cost, as figures

`app_pages/backbone.py` puts them together.
"""
