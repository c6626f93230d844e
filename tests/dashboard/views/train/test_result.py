"""Sentences about a finished training, from results made by hand."""

from dataclasses import replace

import numpy as np

from dashboard.views.train import result as train_result
from models.training import recipes, results


def test_two_phases_wrong_labels_and_smoothing_are_explained_after_a_run():
    spec = replace(recipes.DEFAULT, head_epochs=2, trainable=("conv5",), label_smoothing=0.1)
    none = np.empty(0, np.int64)
    result = results.TrainingResult(
        ({"phase": 1}, {"phase": 1}, {"phase": 2}), none, none, none, none, none, none, (), {}, np.arange(3)
    )
    assert "head alone learnt for **2 epochs**" in train_result.phases_sentence(spec, result)
    assert "**1 epochs** of fine-tuning" in train_result.phases_sentence(spec, result)
    notes = train_result.curve_notes(spec, result)
    assert "**3** training pictures had a wrong label" in notes and "label smoothing 0.1 in it" in notes
