"""The Train page: choose what is frozen, build a head, train, and see what moved.

    presets       one click that sets every control
    same_run      the controls start from the run shown; what differs from it, and the way back
    steps         two phases and a low rate where pretrained layers learn
    freezing      which layers are frozen: the picker and the map
    recipe        controls of head, steps and data
    augmentation  controls of augmentation, and a preview of the coming epochs
    fields        single input fields, bound to the address
    start         all controls, what a run will cost, and the button
    live          the switch that trains a short recipe at every change
    explained     last layer and loss in formulas, the recipe as plain Keras
    wall          the test pictures sorted by the answers of every epoch, with the matrix and the curves
    progress      a run while it goes on
    result        a finished run: accuracy, gap, what it took, next pages, downloads
    proof         the proof of freezing
    baselines     the same training without pretraining, beside the result
    report        a finished run as one HTML file
    run_list      the visitor's runs
    cache         what the page keeps between reruns

It uses widgets and figures; of the core training, sweeps, backbones, pictures, jobs and storage.
"""
