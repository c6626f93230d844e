"""The Evaluate page: what a trained classifier gets right and wrong, and the pictures behind every number.

    confusion  the confusion matrix, the choice of one of its cells; precision, recall and F1 of every class
    epochs     the slider through the epochs of a run
    sureness   confidence against accuracy, the pictures of each bin, a temperature
    figures    accuracy by confidence as a figure
    pictures   test pictures with their predictions; training pictures with wrong labels

It uses widgets and figures; of the core training and pictures.
"""
