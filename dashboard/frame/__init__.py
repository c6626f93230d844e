"""What stands around every page.

    bar          the experiment bar: network, data, run, what is running
    share        the address copied or as a QR code, and the view for a hall
    words        the glossary on every page, and the search over pages, words and runs
    tour         the tour: one click trains, then a bar leads from question to question
    browser      scripts in the browser: its history (history.js), and the cookie of the visitor
    compression  the server's answers compressed, once for all visitors
    fonts        the fonts of text and icons, with what the app uses of them

`main.py` puts them together; they import widgets and figures, and no view.
"""
