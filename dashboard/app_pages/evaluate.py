"""What the classifier of the chosen run gets right and wrong, and the pictures behind every number."""

import streamlit as st

from dashboard import state
from dashboard.views.evaluate.confusion import accuracy_line, confusion_panel, score_table
from dashboard.views.evaluate.epochs import at_epoch
from dashboard.views.evaluate.pictures import cell_pictures, mistake_strip, noisy_labels_panel
from dashboard.views.evaluate.sureness import sureness_panel
from dashboard.widgets.jobs import job_panel
from dashboard.widgets.page import empty, has_classifier, header, not_shown, refuse
from dashboard.widgets.runs import mistake_warning
from models.errors import FreezeframeError
from models.pictures.datasets import DATASETS
from models.training.evaluation import evaluate
from models.training.results import load_result
from models.training.spec import TRAINING

header(
    "Evaluate",
    "The confusion matrix: test pictures by true class (row) and class given (column). Click a cell to see its "
    "pictures.",
)
chosen = state.selection()
if chosen.run is None:
    sentence = "There is no trained classifier for this backbone and these data yet."
    empty(sentence, "Train one", "train", ":material/model_training:")
spec, finished = TRAINING.spec_of(chosen.run), has_classifier(chosen)
dataset = DATASETS[spec.dataset]
try:
    result = load_result(chosen.run)
    evaluate(result.label, result.probability, dataset.classes)
except FreezeframeError as error:
    if finished:
        refuse(error)
    job_panel(chosen.run.id, key="evaluate")
    empty("This run has no results yet.", "See it on the Train page", "train", ":material/model_training:")
mistake_warning(spec)
matrix, pictures = st.columns([13, 8], gap="medium")
with matrix:
    above = st.container()
    shown, epoch = at_epoch(chosen.run, result, len(dataset.classes))
    evaluation = evaluate(shown.label, shown.probability, dataset.classes)
with above:
    cell = confusion_panel(evaluation)
with pictures:
    accuracy_line(evaluation, epoch)
    if spec.weights == "random":
        st.badge("random weights, not pretrained", icon=":material/casino:", color="gray")
    cell_pictures(shown, dataset, cell)
not_shown(
    "How sure the classifier was, which parts of a picture decided, and how it does on pictures of another kind than "
    "these."
)
st.markdown("## Each class")
score_table(evaluation)
sureness_panel(shown, dataset, epoch)
st.markdown("## Most confident mistakes")
mistake_strip(shown, dataset)
noisy_labels_panel(result, dataset)
