"""The Evaluate page: what a trained classifier gets right and wrong, and the pictures behind every number.

    confusion  the confusion matrix and the choice of one of its cells
    pictures   test pictures with their predictions; training pictures with wrong labels
    scores     precision, recall and F1 of every class

It uses widgets and figures; of the core training and pictures.
"""
