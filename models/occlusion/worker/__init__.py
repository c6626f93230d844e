"""Hiding squares in workers, exactly and with as little work as possible.

    hide       squares of one picture, the way they are scored, and the scores at every position
    flow       the channels of each block that change most, and the classes, at a few places of the square
    windows    a network as operations, and its passes of whole maps or of windows

May import what `models.occlusion` may, and their workers.
"""
