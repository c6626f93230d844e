"""What several pages use; each widget owns its keys.

    page             header, place of a view, empty state, refusal, the network to look into, the way back
    work             long work as a page offers it: its result, else its progress, or its price and the button
    jobs             a job as the visitor sees it, and the choice among jobs of one kind
    runs             trainings on several pages: the queue, mistakes on purpose, how two runs differ
    weights_offer    weights that are not here: the download and the other ways on
    cache            every cache that several pages share
    picture_picker   the choice of a picture, uploads and camera too
    own_picture      how an uploaded picture becomes square; what a classifier knows, whatever it shows
    unit_picker      the choice of a layer and of a channel
    probe_amount     how many pictures a linear model is fitted on
    formatted        a table whose numbers are written in the one format
    tiles            pictures with words, channel maps, rows of pictures, to be chosen by a click or with keys
    panels           figures drawn in the browser: their message, and the script they share
    block_diagram    a network's diagram whose blocks can be pressed
    gabor_kernel     a kernel with the Gabor function fitted to it
    player/          a film of frames with its curves, played in the browser

They import `state`, figures and one another, and no view.
"""
