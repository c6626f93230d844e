"""The glossary: every term that the pages use, with what it means, a small picture and where the app shows it.

The numbers in the texts are computed from what the app has: layer tables, recipes, intervals.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from dashboard.frame.words import pictures as draw
from dashboard.pages import PAGES
from models.backbones.tables import LayerTable, table
from models.frame8 import card
from models.intervals import wilson
from models.training.recipes import DEFAULT, FINE_TUNING_RATE
from models.wording import fixed, in_millions, percent, percent_range, significant

_SOM: Final = ("som",)
_NETWORKS: Final = tuple(name for name in PAGES if name != "som")  # where a word means something of networks
_TRAINED: Final = ("train", "sweeps", "traps", "compare", "general")


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the glossary.

    Attributes:
        name: As the glossary lists it, and as pages may write it.
        text: What it means, in one or two plain sentences.
        picture: SVG.
        page: Where the app shows it, and uses the word.
        view: Of this page; "" is the one that opens first.
        forms: Other ways in which pages write it.
        pages: Where the word means this; () is everywhere.
    """

    name: str
    text: str
    picture: str
    page: str
    view: str = ""
    forms: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    also: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> dict[str, str]:
        """The values of the page's widgets that show it."""
        view = {f"{self.page}_view": self.view} if self.view else {}
        return {**view, **self.also}


def _plural(*words: str) -> tuple[str, ...]:
    return tuple(f"{word}s" for word in words)


def _transfer(frame8: LayerTable) -> tuple[Term, ...]:
    blocks = frame8.blocks
    classes = len(json.loads((card.FOLDER / card.CARD).read_text())["classes"])
    weights, cost = in_millions(frame8.parameters), in_millions(frame8.macs)
    block_names = f"{blocks[0].name} to {blocks[-1].name}"
    return (
        Term("Frame8", f"The small network that comes with this app. Before you met it, it learned to tell {classes} "
             "kinds of photographs apart.", draw.network(), "backbone", "How it was pretrained"),
        Term("backbone", "The part of the network that was trained before, on other pictures. It turns a picture into "
             "features, from which the head makes the answer.", draw.network("mmmmm"), "backbone"),
        Term("head", "The last, small part of the network, which gives the answer. It is new for every training, "
             "because your classes are new.", draw.network(head="m"), "train"),
        Term("frozen", "Frozen layers keep their weights exactly as they are while the others learn. In this app they "
             "are blue and have a snowflake.", draw.network("ccccc", "w"), "train",
             forms=("freeze", "freezes", "freezing", "froze")),
        Term("trainable", "Trainable layers may change their weights during training. In this app they are orange and "
             "have a flame.", draw.network("cccww", "w"), "train"),
        Term("pretrained", "Trained before, on another and usually larger set of pictures. What was learned there is "
             "the starting point here.", draw.network("mmmmm"), "backbone", "How it was pretrained", ("pretraining",)),
        Term("transfer", "Using what a network learned on one task for another one. Its backbone stays, and only a "
             "part of the network learns anew.", draw.network("ccccc", "w"), "general", forms=("transfer learning",)),
        Term("fine-tuning", "Letting pretrained layers learn too, in small steps and usually after the head has "
             f"learned. In this app such steps begin at {significant(FINE_TUNING_RATE)}.", draw.network("cccww", "w"),
             "sweeps",
             forms=("fine-tune", "fine-tuned")),
        Term("layer", "One step of the computation, for example a convolution. Each layer works on what the layer "
             "before it gives out.", draw.layers(), "backbone", forms=("layers",)),
        Term("block", f"A group of layers that belong together. Frame8 has {len(blocks)}, from {block_names}.",
             draw.layers(), "backbone", forms=("blocks",)),
        Term("weights", f"The numbers inside a network that training changes; Frame8's backbone has {weights}.",
             draw.network("mmmmm", "m"), "train", forms=("weight", "parameters"), pages=_NETWORKS),
        Term("MACs", "Multiplications, each followed by an addition: the arithmetic that one picture costs. Frame8's "
             f"backbone needs {cost} for {frame8.side} × {frame8.side} pixels.", draw.arithmetic(), "backbone",
             forms=("MAC",)),
        Term("BatchNorm", "A layer that brings every channel to mean 0 and variance 1, with statistics it has "
             "collected. In frozen layers these statistics must not move either.", draw.bells(), "traps",
             also={"traps_demo": "BatchNorm in training mode"}),
    )  # fmt: skip


def _training() -> tuple[Term, ...]:
    names = 5
    return (
        Term("run", "One training, with its recipe and its results. Every page can show any of your runs.",
             draw.epochs(), "train", forms=("runs",), pages=("train", "sweeps", "compare", "evaluate", "activations")),
        Term("epoch", f"One pass of the training over all its pictures. The usual recipe takes {DEFAULT.epochs} "
             "of them.",
             draw.epochs(), "train", forms=("epochs",)),
        Term("learning rate", "How far one training step moves the weights. Too small and training takes for ever, too "
             f"large and it never settles; a new head begins at {significant(DEFAULT.learning_rate)} here.",
             draw.steps(), "train", forms=_plural("learning rate")),
        Term("batch", "The pictures that the network looks at before it changes its weights once.", draw.batch(),
             "traps", forms=("batches",), pages=_TRAINED, also={"traps_demo": "BatchNorm in training mode"}),
        Term("optimiser", "The rule that turns gradients into steps of the weights. Adam is the usual one.",
             draw.steps(), "train", forms=("Adam", "SGD", "RMSprop")),
        Term("gradient", "How much a result changes when a number, such as a weight or a pixel, changes a little.",
             draw.steps(), "features", "What it looks for", _plural("gradient")),
        Term("loss", "What training makes smaller: how improbable the network finds the true classes. With "
             f"{names} equally probable classes it is {fixed(math.log(names), 2)}.", draw.falling(), "sweeps",
             forms=("losses", "cross-entropy")),
        Term("overfitting", "The network memorises its training pictures and gets worse on others. The gap "
             "between training and validation shows it.", draw.overfitting(), "traps", forms=("overfits", "overfit"),
             also={"traps_demo": "Too little data"}),
        Term("regulariser", "A rule that keeps a result simple. In training it acts against overfitting, in pictures "
             "made for a channel against noise.", draw.dropped(), "sweeps", forms=("dropout", "weight decay", *_plural(
                 "regulariser")), also={"sweeps_choice": "Regularisers"}),
        Term("seed", "A number that starts every random choice. The same seed and the same settings give the same "
             "result.", draw.dice(), "sweeps", forms=("seeds",)),
        Term("split", "The pictures are divided at random into three parts: for training, for validation and for the "
             "test.", draw.split(-1), "data", forms=("splits",)),
        Term("validation", "Validation pictures check the network while it trains, for example to choose the best "
             "epoch. It does not learn from them.", draw.split(1), "data", forms=("validation pictures",
             "validation accuracy")),
        Term("test pictures", "Pictures kept aside until the end. The network has never seen them, so its accuracy on "
             "them is an honest one.", draw.split(2), "evaluate", forms=("test set", "test accuracy", "test picture")),
        Term("leaked", "Test pictures that also lie among the training pictures. The network has memorised them, so "
             "its test accuracy is too high.", draw.twins(), "traps", forms=("leak", "duplicates"),
             also={"traps_demo": "Leaked duplicates"}),
        Term("control", "A further training that changes one other thing, to rule out that this was the cause.",
             draw.three(), "traps", pages=("traps",)),
    )  # fmt: skip


def _judging() -> tuple[Term, ...]:
    right, n = 290, 300
    found = wilson(right, n)
    return (
        Term("accuracy", "The share of pictures that are given their true class.", draw.matrix(), "evaluate"),
        Term("calibration", "A classifier is calibrated where it is right as often as it is sure: of the pictures "
             "answered with a confidence of 80%, 80% are right.", draw.sure(), "evaluate"),
        Term("95% interval", f"How far chance may have moved a number. With {right} of {n} pictures right the accuracy "
             f"is {percent(found.value)}, and the interval {percent_range(found.low, found.high)}.", draw.interval(),
             "evaluate", forms=("95% intervals", "interval", "intervals", "confidence interval")),
        Term("confusion matrix", "A table of the true classes (rows) against the classes given (columns). Right "
             "answers lie on its diagonal.", draw.matrix(), "evaluate"),
        Term("precision", "Of the pictures given a class, the share that really belong to it.", draw.matrix(column=1),
             "evaluate"),
        Term("recall", "Of the pictures of a class, the share that were found.", draw.matrix(row=1), "evaluate"),
        Term("F1", "One number for precision and recall together: their harmonic mean. With precision 1 and recall 0.5 "
             f"it is {fixed(2 * 1 * 0.5 / (1 + 0.5), 2)}.", draw.matrix(1, 1), "evaluate"),
        Term("softmax", "Turns the scores of all classes into probabilities that add up to 100%. A score that is "
             f"higher by 1 makes a class {fixed(math.e, 1)} times as probable.", draw.bars((8, 46, 14, 5), 1),
             "occlusion"),
        Term("logit", "The score of a class before softmax makes a probability of it. It still moves where the "
             "probability is stuck near 100%.", draw.bars((-12, 26, 6, -20), 1, zero=40), "occlusion"),
        Term("CKA", "How similar two layers find the same pictures: 1 means that they agree, 0 that they have nothing "
             "in common.", draw.alike(), "compare"),
        Term("Pareto front", "Of several things with a cost and a worth, those that no other beats: each of the others "
             "costs at least as much and is worth no more than one of them.", draw.front(), "backbone", "Compared"),
        Term("linear probe", "A simple model that reads the classes from one layer's features by weighing them. It "
             "shows what the layer has kept apart.", draw.divided(), "general", "Probe each layer",
             ("linear model", "logistic regression", "linear classifier probes")),
        Term("co-adaptation", "Layers that learned together work together. A new layer above a cut may not find that "
             "again.", draw.network("ccpww", "w"), "general"),
        Term("specificity", "How far a layer serves only the task on which it was trained.", draw.network("cccmm"),
             "general"),
    )  # fmt: skip


def _inside(frame8: LayerTable) -> tuple[Term, ...]:
    seen = frame8.row("conv3_relu")
    return (
        Term("activation", "What a layer answers to a picture: one map per channel, bright where its pattern "
             "was found.",
             draw.grid(draw.square(3), values=True), "activations",
             forms=("activations", "activation map", "activation maps")),
        Term("feature", "Something a layer finds in a picture, such as an edge, as a number. A picture becomes a list "
             "of such numbers.", draw.grid(draw.square(3), values=True), "general", "Probe each layer", ("features",)),
        Term("channel", f"One of the maps that a layer makes; conv3 has {seen.output[-1]}. Each one looks for a "
             "pattern of its own.", draw.stack(), "activations", forms=("channels",), pages=_NETWORKS),
        Term("unit", "A single value of a layer, or the channel it belongs to.", draw.stack(), "features",
             "What it looks for", ("units",), ("features",)),
        Term("convolution", "The same small kernel slides over the whole picture and answers at each place. So a "
             "pattern is found wherever it is.", draw.grid(draw.square(3), second=True), "occlusion",
             forms=("convolutions",)),
        Term("kernel", "The small square of weights that a convolution moves over the picture. It is the pattern that "
             "the channel looks for.", draw.grid(draw.square(3)), "features", "First layer", ("kernels",)),
        Term("stride", "How many pixels a square moves to its next place.", draw.grid(draw.square(3), second=True),
             "occlusion"),
        Term("pooling", "Makes maps smaller: several values become one, their maximum or their average.",
             draw.pooling(),
             "train"),
        Term("ReLU", "A layer that keeps positive values and sets negative ones to 0. conv3_relu is the ReLU of block "
             "conv3.", draw.relu(), "features",
             forms=tuple(row.name for row in frame8.layers if row.kind == "ReLU")),
        Term("receptive field", "The part of the picture that one value of a layer can depend on. For conv3_relu it is "
             f"{seen.receptive_field} × {seen.receptive_field} pixels.", draw.field(), "activations",
             forms=("receptive fields",)),
    )  # fmt: skip


def _explaining() -> tuple[Term, ...]:
    methods = ("occlusion", "Other methods")
    return (
        Term("patch", "A small square piece of a picture.", draw.hidden(), "features", forms=("patches",)),
        Term("Gabor function", "Stripes that fade out at the edges. Many first-layer kernels look like one, and many "
             "cells in the visual cortex of a cat respond to such stripes.", draw.gabor(), "features", "First layer",
             _plural("Gabor function")),
        Term("occlusion", "Hide one square of the picture after the other and watch the score. Where it falls, the "
             "network needs what was hidden.", draw.hidden(), "occlusion"),
        Term("saliency", "How strongly the score answers to a tiny change of each pixel.", draw.hidden(heat=True),
             *methods),
        Term("SmoothGrad", "Saliency, averaged over several noisy copies of the picture.", draw.hidden(heat=True),
             *methods),
        Term("integrated gradients", "How much each pixel adds to the score on the way from an empty picture to "
             "this one.",
             draw.hidden(heat=True), *methods),
        Term("Grad-CAM", "Which places of the last maps are active in channels that raise the score. It is coarse, "
             "like those maps.", draw.hidden(heat=True), *methods),
        Term("guided backpropagation", "A way back from a channel to the pixels that lets only positive signals pass. "
             "It draws edges, even with random weights.", draw.edges(), "features", "What it looks for"),
        Term("deconvolution", "A way back from a channel to the pixels which shows what made it respond.", draw.edges(),
             "features", "What it looks for"),
    )  # fmt: skip


def _maps() -> tuple[Term, ...]:
    return (
        Term("self-organising map", "A grid of units that learns to spread over the data, so that neighbouring units "
             "stand for similar samples.", draw.som(), "som"),
        Term("unit of a map", "One cell of the map. It holds one prototype.", draw.units((1, 2)), "som",
             forms=("unit", "units"), pages=_SOM),
        Term("prototype", "The weights of one unit: a typical sample, with as many numbers as the samples have.",
             draw.units((1, 2)), "som", forms=("prototypes", "weights"), pages=_SOM),
        Term("BMU", "The best-matching unit of a sample: the one whose prototype is nearest to it.", draw.far(), "som",
             "Worked example", ("best-matching unit",)),
        Term("neighbourhood", "The units around the best one, which follow it towards the sample: the nearer on the "
             "map, the further.", draw.neighbourhood(), "som", "One step", pages=_SOM),
        Term("radius", "How far the neighbourhood reaches, written σ; σ₀ is the radius at the start. It shrinks during "
             "the training.", draw.neighbourhood(), "som", pages=_SOM),
        Term("lattice", "The grid on which the units of a map have their places.", draw.units(), "som", pages=_SOM),
        Term("toroid", "A map whose left side touches its right one and whose top touches its bottom: no unit lies at "
             "a border.", draw.closed(), "som"),
        Term("U-matrix", "How far each unit's prototype is from those of its neighbours. High ridges part groups.",
             draw.ridges(), "som"),
        Term("quantisation error", "How far a sample is from the prototype of its best unit, on average.", draw.far(),
             "som", "One step"),
        Term("topographic error", "The share of samples whose two best units are not neighbours. High values mean that "
             "the map is torn or folded.", draw.torn(), "som", "One step"),
        Term("purity", "How often a new picture has the class that is most frequent in its unit.", draw.units((1, 1), (
            1, 2), (2, 1), (2, 2)), "som", "Depth", ("pure",), _SOM),
    )  # fmt: skip


@lru_cache(1)
def terms() -> dict[str, Term]:
    """Return the glossary, in the order in which a course would meet its words."""
    frame8 = table("frame8", 64)
    listed = (*_transfer(frame8), *_training(), *_judging(), *_inside(frame8), *_explaining(), *_maps())
    return {term.name: term for term in listed}
