"""The drawing of the treatments: which layers are copied, which are frozen, which start anew."""

import pytest

from dashboard.figures import theme
from dashboard.views.general.figures_treatments import ORDER, boxes, clicked, describe, sentence, treatments


@pytest.mark.parametrize(
    ("treatment", "letters", "frozen"),
    [
        ("baseB", ["", "", "", ""], 0),
        ("BnB", ["B", "B", "B", ""], 3),
        ("AnB", ["A", "A", "A", ""], 3),
        ("BnB+", ["B", "B", "B", ""], 0),
        ("AnB+", ["A", "A", "A", ""], 0),
        ("RnB", ["R", "R", "R", ""], 3),
    ],
)
def test_letters_say_what_was_copied_and_the_frozen_ones_come_first(treatment, letters, frozen):
    drawn = boxes(treatment, 3, 4)
    assert [letter for letter, _ in drawn] == letters
    assert [cold for _, cold in drawn] == [layer < frozen for layer in range(4)]


def test_every_frozen_box_is_blue_with_a_snowflake_and_the_others_are_orange():
    shapes = treatments(3, 8, None).layout.shapes
    rectangles = [shape for shape in shapes if shape.type == "rect"]
    assert len(rectangles) == 8 * len(ORDER)
    assert sum(shape.line.color == theme.FROZEN for shape in rectangles) == 3 * 3
    assert sum(shape.line.color == theme.TRAINABLE for shape in rectangles) == 8 * len(ORDER) - 9
    assert sum(shape.type == "path" for shape in shapes) == 9


def test_the_chosen_row_is_framed():
    (frame,) = [shape for shape in treatments(3, 8, "BnB").layout.shapes if shape.line.color == theme.NEUTRAL]
    assert frame.y0 < len(ORDER) - 1 - ORDER.index("BnB") < frame.y1


def test_a_click_on_a_row_tells_the_treatment():
    (bar,) = [trace for trace in treatments(3, 8, None).data if trace.type == "bar"]
    named = dict(zip((row[0] for row in bar.customdata), bar.y, strict=True))
    assert named["baseB"] == 5 and named["RnB"] == 0
    assert clicked({"selection": {"points": [{"customdata": ["AnB+"]}]}}) == "AnB+"
    for event in (None, {}, {"selection": {"points": [{}]}}, {"selection": {"points": [{"customdata": ["x"]}]}}):
        assert clicked(event) is None


def test_sentences_are_whole_for_one_layer_and_for_all_but_one():
    assert sentence("AnB", 1, 8) == (
        "Layer 1 comes from a network trained on A and stays frozen; layers 2–8 start anew and learn B."
    )
    assert sentence("RnB", 7, 8) == "Layers 1–7 are random and stay frozen; layer 8 starts anew and learns B."
    assert sentence("BnB+", 2, 8) == (
        "Layers 1–2 come from a network trained on B, layers 3–8 start anew; everything learns B."
    )
    assert all(name in describe(3, 8) for name in ORDER)
