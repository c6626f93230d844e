"""What searches, projects, climbs and fits.

patches         one pass over a data set for the strongest answers of all channels
backward        signals at the pixels, by three rules
maximisation    the film of an ascent for a unit
gabor           kernels of a network and their fits
ship            makes what is shipped anew
"""
