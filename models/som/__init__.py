"""The self-organising map: trained, filmed, measured, read, and seen to fail.

    spec            the settings of a map, and how rate and radius fall
    lattice         where units sit, how far apart they are, and the neighbourhood of a BMU
    search          the unit nearest to every sample, fast and exact
    steps           one step of online and of batch training
    costs           memory and time of a training
    measures        errors, U-matrix, purity, and which classes are neighbours
    training        a whole training as snapshots, and the weights that it starts with
    rotation        a map to which a turned picture stays the same, and its comparison with the plain one
    samples         colours, clouds of points and pictures as samples
    tables          visitors' tables, kept; and as samples
    table_cells     what a cell means: a number in one of two ways of writing, a missing one, a text
    table_lines     the lines of a file, cut into rows of cells
    table_columns   what columns are for: numbers, labels, identifiers, names of rows
    table_reading   a file becomes a table
    sources         the kinds of data that a map is trained on
    data            the task: a map on a source
    film            a training at every kept moment, in one file
    one_step        one step with all its numbers, and any step of a training
    depth           how pure the units of small maps are, layer by layer
    failures        a detector of folds and twists, and maps that fail on purpose
    script          a map as a script that trains it again
    export          a map as files
    worker          what jobs train

May import storage, jobs, pictures, backbones, training and networks.
"""
