"""Frame8, the backbone that this project trained itself and ships.

    card            its model card: the recipe of the pretraining, its history, the kernels on the way
    classes         its 200 classes in groups
    tiny_imagenet   the pictures it was pretrained on

May import: storage, jobs, pictures.
"""
