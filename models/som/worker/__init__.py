"""What jobs of the self-organising map train, and tables too large for a page.

    film        trains a map and writes its film while it grows
    depth       trains small maps on the features of each layer
    rotation    trains the plain map and the rotation-invariant one
    tables      reads large tables

May import what `models.som` may, and their workers.
"""
