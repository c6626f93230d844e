"""Train Frame8 on Tiny ImageNet and write the weights and the model card that the app ships.

    python -m models.pretraining DATA OUT --epochs 24      train (and resume: run it again)
    python -m models.pretraining DATA OUT --evaluate FILE  top-1 of a weight file on the validation pictures

DATA is Tiny ImageNet's published folder (`wnids.txt`, `words.txt`, `train/`, `val/`); OUT takes checkpoints, one after
every epoch. A run that was killed continues after its last finished epoch and gives what it would have given.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import tensorflow as tf

from models import frame8, pretraining_card
from models.errors import InputError
from models.pretraining_loop import Training
from models.pretraining_recipe import DEFAULT, Recipe, parse_plans
from models.tiny_imagenet import Pictures, read_pictures

EVALUATION_BATCH = 500


def top_1(network: keras.Model, pictures: Pictures) -> float:
    """Return the share of pictures whose most probable class is the right one."""
    forward = tf.function(lambda x: tf.argmax(network(tf.cast(x, tf.float32), training=False), axis=1))
    right = 0
    for start in range(0, len(pictures.labels), EVALUATION_BATCH):
        stop = start + EVALUATION_BATCH
        right += int((forward(tf.constant(pictures.images[start:stop])).numpy() == pictures.labels[start:stop]).sum())
    return right / len(pictures.labels)


def train(data: Path, out: Path, recipe: Recipe) -> None:
    """Train to the end of `recipe`, resuming what is there; write weights, card and kernels after every epoch."""
    pictures, validation = read_pictures(data, "train"), read_pictures(data, "val")
    if len(pictures.labels) < recipe.batch:
        raise InputError(f"Expected at least {recipe.batch} training pictures. Received {len(pictures.labels)}.")
    out.mkdir(parents=True, exist_ok=True)
    training = Training(out, recipe, len(pictures.names))
    training.resume()
    counts = len(pictures.labels), len(validation.labels)
    while len(training.history) < recipe.epochs:
        started = time.perf_counter()
        row = {"loss": training.epoch(pictures)}
        with training.as_saved() as network:
            row |= {"top_1": top_1(network, validation), "seconds": time.perf_counter() - started}
            training.history.append(row)
            training.kernels.append(network.get_layer("conv1").kernel.numpy())
            pretraining_card.write(out, network, recipe, pictures.names, counts, training.history, training.kernels)
        training.save()
        print(f"epoch {len(training.history)}/{recipe.epochs}", json.dumps(row), flush=True)


def evaluate(data: Path, file: Path) -> None:
    """Print the top-1 of a weight file on the validation pictures."""
    validation = read_pictures(data, "val")
    network = frame8.build(include_top=True, n_classes=len(validation.names))
    try:
        pretraining_card.load_weights(network, file)
    except ValueError as error:
        raise InputError(str(error)) from error
    print(json.dumps({"top_1": top_1(network, validation), "pictures": len(validation.labels)}))


def _prepare(threads: int, bfloat16: bool) -> None:
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:  # TensorFlow has computed already: the thread counts are settled
        pass
    if bfloat16:
        tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and train or evaluate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, help=f"{DEFAULT.epochs}, or the last of --plan")
    parser.add_argument("--plan", default="", help="cosines one after the other, up to epoch:length,… as 8:26,15:15")
    parser.add_argument("--averaging", type=float, default=DEFAULT.averaging, help="moving average of the weights")
    parser.add_argument("--seed", type=int, default=DEFAULT.seed)
    parser.add_argument("--batch", type=int, default=DEFAULT.batch)
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--evaluate", type=Path)
    options = parser.parse_args(arguments)
    _prepare(options.threads, options.bfloat16)
    try:
        if options.evaluate:
            evaluate(options.data, options.evaluate)
            return
        plans = parse_plans(options.plan) if options.plan else ()
        epochs = options.epochs or (plans[-1][0] if plans else DEFAULT.epochs)
        given = {name: getattr(options, name) for name in ("averaging", "seed", "batch", "bfloat16")}
        train(options.data, options.out, Recipe(epochs=epochs, plans=plans, **given))
    except InputError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
