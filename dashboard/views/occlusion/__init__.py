"""The Occlusion page: which part of the picture the answer rests on, by several methods, and whether to trust them.

    question        what is hidden: settings, price, and the answers, given at once or by jobs
    reading         how a map is shown, what it says in words, and which operations it took
    headline        the sentence over each picture
    map             the view "Map"
    figure          the view "The whole figure"
    methods         the view "Other methods"
    trust           the view "Can I trust it?", of three tests:
    trust_curves    take away, put back
    trust_truth     against the truth
    trust_random    random weights
    canvas          the two canvases in the browser
    figures         numbers and colours of maps, small panels, operations layer by layer
    figures_trust   curves, estimates and strips of the three tests
    cache           the caches of the page

A method of the core's `maps.METHODS` appears here by its row alone.
"""
