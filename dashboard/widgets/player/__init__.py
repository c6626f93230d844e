"""The film player: a lattice of units that changes over time, drawn in the browser.

    player     the film, its message to the browser, the widget

What runs in the browser lies beside it: player.html, player.css and the parts of one script, named in `player`.
"""
