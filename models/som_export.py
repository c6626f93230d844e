"""A trained map as files: its weights, and which unit every sample belongs to."""

from __future__ import annotations

import csv
import json
from io import BytesIO, StringIO

import numpy as np

from models.som_data import SomTask
from models.som_measures import Floats
from models.som_record import SomRecord

SHARED_BYTES = 64 << 20  # of samples that travel with the weights


def codebook_npz(record: SomRecord, task: SomTask, samples: Floats | None) -> bytes:
    """Return a trained map as the bytes of an `.npz` file that needs no pickle.

    It holds `codebook` float32 (rows, columns, D), `task` (JSON text: data, size, seed and all other settings, without
    the secret ids of a visitor's table or run), `classes` and, where they are given and not too large, the `samples`
    float32 (N, D) that it was trained on.
    """
    buffer = BytesIO()
    told = task.to_json() | {"table": "", "network": "" if task.network.startswith("run:") else task.network}
    arrays = {"codebook": record.codebook, "task": np.array(json.dumps(told))}
    arrays["classes"] = np.array(record.classes, dtype=np.str_)
    if samples is not None and samples.nbytes <= SHARED_BYTES:
        arrays["samples"] = samples
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def labels_csv(record: SomRecord) -> bytes:
    """Return a table of all samples: number, row and column of the BMU, class, distance to the BMU's weights."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("sample", "row", "column", "class", "distance"))
    names = [plain(name) for name in record.classes]
    labels = [names[label] for label in record.labels.tolist()] or [""] * record.bmu.shape[1]
    places = zip(*(part.tolist() for part in np.divmod(record.bmu[-1], record.columns)), strict=True)
    distances = record.distances.tolist()
    for sample, ((row, column), name, distance) in enumerate(zip(places, labels, distances, strict=True)):
        writer.writerow((sample, row, column, name, f"{distance:.6g}"))
    return text.getvalue().encode()


def plain(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{name}" if name[:1] in ("=", "+", "-", "@", "\t", "\r") else name
