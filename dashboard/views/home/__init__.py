"""The parts of the Home page.

    stations   the pages as tiles, and where the visitor stands

`app_pages/home.py` puts them together.
"""
