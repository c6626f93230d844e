"""Training: a recipe, what it will cost, its course in a worker, and the results it leaves.

    spec            augmentation, head and the whole recipe as plain data; the job
    head            the layers of a head and the targets of its last one
    mistakes        wrong labels and leaked test pictures, on purpose
    together        settings that cannot work together, or have no effect together
    costs/          memory and time of a training before it runs
    ready_features  what the frozen backbone says of the built-in pictures, as it comes with the app
    recipes         the default, the presets, a quick look, and the checks before a run starts
    results         the files that a finished run leaves; where its learning curves part
    kept_epochs     the weights after every epoch, where a run keeps them
    epoch_answers   what the test pictures were answered after every epoch
    evaluation      confusion matrix, scores with intervals, mistakes of a classifier
    calibration     confidence against accuracy, Brier score, temperature
    comparison      trainings side by side: settings, and the difference of their accuracies
    traps           prepared mistakes and their cures, and what they gave
    take_along      a trained classifier with the names of its classes, to use without the app
    keras_script    a training as a plain Keras script
    worker/         the training itself

It may import storage, jobs, pictures, frame8 and backbones.
"""
