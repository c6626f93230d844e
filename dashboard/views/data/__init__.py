"""The parts of the Data page.

    gallery   every class as a row of pictures; the chosen picture; how the set is divided
    figures   pictures of each class as bars

`app_pages/data.py` puts them together.
"""
