"""The parts of the Home page.

    demo       which picture flows through the network, who answers, and where a click leads
    canvas     what travels to the browser, and the component there
    doors      the ways on, below
    cache      what the network answers, kept

`app_pages/home.py` puts them together.
"""
