"""What the classifier of the chosen run gets right and wrong, and the pictures behind every number."""

import streamlit as st

from dashboard import state
from dashboard.components.confusion_panel import confusion_panel
from dashboard.components.job_panel import job_panel
from dashboard.components.judged_pictures import judged_pictures
from dashboard.components.page import empty, header
from dashboard.components.score_table import score_table
from dashboard.labels import safe_label
from models.datasets import DATASETS
from models.errors import RunNotFound
from models.evaluation import cell_members, evaluate, most_confident_mistakes
from models.training_results import load_result

header("Evaluate", "Every test picture in the row of its true class and the column the classifier put it into.")
chosen = state.selection()
if chosen.run is None:
    empty(
        "There is no trained classifier for this backbone and these data yet.",
        "Train one",
        "train",
        ":material/model_training:",
    )
try:
    result = load_result(chosen.run)
except RunNotFound:
    job_panel(chosen.run.id, key="evaluate")
    empty("This run has no results yet.", "See it on the Train page", "train", ":material/model_training:")

dataset = DATASETS[chosen.run.spec["dataset"]]
evaluation = evaluate(result.label, result.probability, dataset.classes)
matrix, pictures = st.columns([13, 8], gap="medium")
with matrix:
    true, predicted = confusion_panel(evaluation)
with pictures:
    low, high = evaluation.accuracy_interval
    st.markdown(
        f"Accuracy **{evaluation.accuracy:.1%}** ({100 * low:.1f}–{100 * high:.1f}), n = {evaluation.n}",
        help="Pictures on the diagonal out of all n test pictures, which training never saw. "
        "In brackets the 95% interval (Wilson): other pictures of the same kind would give another number.",
    )
    members = cell_members(result.label, result.probability, true, predicted)
    names = [safe_label(dataset.classes[number]) for number in (true, predicted)]
    st.markdown(
        f"True class **{names[0]}**, predicted **{names[1]}**: {len(members)}",
        help="The surest first; below each picture the probability of the predicted class.",
    )
    judged_pictures(members, result, dataset.id, dataset.classes, columns=3, rows=2, key=f"evaluate_{true}_{predicted}")
st.caption(
    "The matrix does not show how sure the classifier was, which parts of a picture decided, "
    "or how it does on pictures of another kind than these."
)
st.markdown("##### Each class")
score_table(evaluation)
st.markdown("##### Most confident mistakes")
mistakes = most_confident_mistakes(result.label, result.probability, 8)
if len(mistakes):
    judged_pictures(
        mistakes, result, dataset.id, dataset.classes, columns=8, rows=1, key="evaluate_mistake", name_classes=True
    )
else:
    st.caption("There are none: every test picture is right.")
