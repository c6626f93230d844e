"""The pictures: data sets that come with the app, and those that visitors bring.

    datasets     the data sets on offer, their pictures and splits; each drawn one's row names the file that draws it
    parts        how many parts a picture file has
    uploads      bytes from strangers become pictures, or a sentence
    photographs  two photographs that come with a package, and their credits
    images       resize, enlarge, mosaics; uploads kept, and any picture by its id

May import: storage, jobs.
"""
