"""What became of wrong labels: learnt by heart, or seen through."""

from __future__ import annotations

import streamlit as st

from dashboard import cache
from dashboard.labels import safe_label
from models import datasets
from models.dataset_specs import DatasetSpec
from models.intervals import wilson
from models.training_results import TrainingResult

_SHEET, _PICTURE_PX = 8, 112


def noisy_labels_panel(result: TrainingResult, dataset: DatasetSpec) -> None:
    """Draw the training pictures that had a wrong label, and what the classifier says of them; nothing without any."""
    if not len(result.noisy_index):
        return
    true = datasets.labels(dataset.id)[result.noisy_index]
    said = result.noisy_probability.argmax(axis=1)
    n = len(said)
    through, by_heart = wilson(int((said == true).sum()), n), wilson(int((said == result.noisy_label).sum()), n)
    st.markdown("##### Wrong labels")
    st.markdown(
        f"**{n}** training pictures were learnt with the label of another class. Of **{through.value:.0%}** "
        f"({through.low:.0%} to {through.high:.0%}) the classifier says the true class all the same: it saw through "
        f"the label. Of **{by_heart.value:.0%}** ({by_heart.low:.0%} to {by_heart.high:.0%}) it says the wrong one: "
        "learnt by heart.",
        help="In brackets the 95% intervals (Wilson). The test pictures above all have their true labels.",
    )
    pictures = st.container()
    sheets = -(-n // _SHEET)
    sheet = st.pagination(sheets, key="evaluate_noisy_sheet", max_visible_pages=5) if sheets > 1 else 1
    first = (sheet - 1) * _SHEET
    for place, column in zip(range(first, min(first + _SHEET, n)), pictures.columns(_SHEET, gap="small"), strict=False):
        words = [dataset.classes[int(numbers[place])] for numbers in (true, result.noisy_label, said)]
        with column.container(gap=None):
            _card(f"sample:{dataset.id}:{int(result.noisy_index[place])}", *words)


def _card(picture: str, true: str, given: str, said: str) -> None:
    alt = f"A picture of the class {true}, learnt as {given}; the classifier says {said}"
    st.image(cache.enlarged_png(picture, 2 * _PICTURE_PX), width=_PICTURE_PX, alt=alt)
    icon = ":material/visibility:" if said == true else ":material/psychology:" if said == given else ":material/help:"
    st.caption(f"{safe_label(true)}, named {safe_label(given)}  \n{icon} says {safe_label(said)}")
