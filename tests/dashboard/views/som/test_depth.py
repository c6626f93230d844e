"""Purity by depth on the page: shipped for the example, offered for other networks."""


def test_depth_is_shipped_for_the_example_and_offered_for_others(view, words):
    page = view("Depth")
    assert not page.exception and len(page.get("plotly_chart")) == 1 and "n = 600 pictures" in words(page)
    page.session_state["ff_run"] = ""
    page.run()
    assert "7 layers, 5 maps each, 1,500 pictures" in words(page) and not page.get("plotly_chart")
    assert page.button(key="som_depth_start").label == "Measure"
