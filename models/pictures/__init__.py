"""The pictures: data sets that come with the app, and those that visitors bring.

    galaxies   drawn: five kinds, with masks
    textures   drawn: eight patterns
    datasets   the data sets on offer, their pictures and splits
    uploads    bytes from strangers become pictures, or a sentence
    images     resize, enlarge, mosaics; uploads kept, and any picture by its id

May import: storage, jobs.
"""
