"""The photographs that come with a package: what is loaded, who is named, and what is said where they are missing."""

import importlib.util
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from models.errors import PictureError
from models.pictures import images, photographs
from models.pictures.photographs import PHOTOGRAPHS


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_photograph_is_what_its_package_shows_and_names_its_author(name):
    found = images.load_picture(f"photo:{name}")
    assert found.shape == (427, 640, 3) and np.array_equal(found, load_sample_image(f"{name}.jpg"))
    assert images.load_picture(f"photo:{name}:crop").shape == (427, 427, 3)
    assert images.load_picture(f"photo:{name}:pad").shape == (640, 640, 3)
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0] = 0
    photograph = PHOTOGRAPHS[name]
    assert photograph.author in photograph.credit and photograph.source in photograph.credit
    assert "creativecommons.org/licenses/by/2.0" in photograph.credit


@pytest.mark.parametrize("there", [None, SimpleNamespace(submodule_search_locations=["/nowhere"])])
def test_without_the_package_a_sentence_says_so(monkeypatch, there):
    photographs.load.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: there)
    with pytest.raises(PictureError, match="comes with scikit-learn"):
        images.load_picture("photo:china")
    with pytest.raises(PictureError, match="out of china, flower"):
        images.load_picture("photo:cat")
    photographs.load.cache_clear()
