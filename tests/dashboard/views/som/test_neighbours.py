"""Whether confused classes live next door, in words."""

import numpy as np
import pytest

from dashboard.views.som.neighbours import answer, describe
from models.som.measures import NextDoor


def found(rho: float, p: float) -> NextDoor:
    return NextDoor(
        np.array([[0, 1], [0, 2], [1, 2]]), np.array([0.01, 0.125, 0.0]), np.array([0.3, 0.2, 0.1]), rho, p, 6
    )


@pytest.mark.parametrize("rho, p, word", [(0.9, 0.01, "**Yes**"), (0.4, 0.2, "**Not clearly**"), (-0.3, 0.8, "**No**")])
def test_the_answer_follows_the_numbers_and_names_them(rho, p, word):
    text = answer(found(rho, p), ("a", "b", "c*"))
    assert (
        text.startswith(word)
        and f"ρ = {rho:.2f}".replace("-", "−") + " over n = 3 pairs" in text
        and f"p = {p:.2g}" in text
    )
    assert r"Most confused are a and c\*, 12.5% of their test pictures; of 3 pairs they live 2nd nearest." in text
    assert f"{rho:.2f}".replace("-", "−") in describe(found(rho, p))


def test_without_differences_there_is_no_answer():
    assert "nothing to compare" in answer(found(float("nan"), float("nan")), ("a", "b", "c"))
    assert "no correlation" in describe(found(float("nan"), float("nan")))
