"""A map as a script that trains it again: plain NumPy and nothing of this repository, the very steps and numbers."""

from __future__ import annotations

from models import __version__
from models.jobs.machine import FLOAT
from models.pictures import datasets
from models.som.data import SomTask
from models.som.samples import COUNT, SEED
from models.som.search import GRAIN
from models.som.spec import SomSpec

SAMPLES_FILE = "freezeframe-map.npz"  # the name under which the weights are downloaded, with the samples in it
_HEAD = '''"""A self-organising map, {rows} x {columns}, trained again step by step. Needs NumPy{needs}.

Made by Freezeframe {version}.
Data: {of}.
{exact}
"""

import math

import numpy as np

'''
_EXACT = "The weights come out as in the app, to the last digit or nearly, and with them the units of all samples."
_NEARLY = (
    "The steps are those of the app, the sums are added up in another order: a sample as near to two units\n"
    "may go to the other one, and after many steps a few weights may differ visibly."
)
_COLOURS = f"""# {COUNT} random colours
X = np.random.default_rng({SEED}).random(({COUNT}, 3), np.float32)
"""
_DIGITS = """# Scanned digits, 64 pixels each, in 0..1
from sklearn.datasets import load_digits

X = (np.rint(load_digits().images * (255 / 16)).astype(np.uint8) / 255).reshape(-1, 64).astype(np.float32)
"""
_SAMPLES = f"""# The samples: in the file of the weights, which you download beside this script
X = np.load("{SAMPLES_FILE}")["samples"]
"""
_DATA = {"colours": _COLOURS, "digits": _DIGITS}  # by source; other samples are read
_LATTICE = """
# The lattice: where every unit sits, and how far it is from another one
ROWS, COLUMNS = {rows}, {columns}
row, column = np.divmod(np.arange(ROWS * COLUMNS), COLUMNS)
HEIGHT, across = {places}


def squared(unit):
    \"\"\"Squared distance on the lattice of every unit to one.\"\"\"
    high, wide = np.abs(row - row[unit]), np.abs(across - across[unit]){toroid}
    return (high * HEIGHT) ** 2 + wide**2


def decayed(initial, step, steps):
    \"\"\"The value of rate or radius at a step.\"\"\"
    return {law}

"""
_NEAREST = """
def nearest(points):
    \"\"\"The unit nearest to each point; of units equally near the first. W is the weights.\"\"\"
    centre = W.mean(axis=0, dtype=np.float64)
    V, found = W - centre, np.empty(len(points), np.int64)
    half = (V**2).sum(axis=1) / 2
    for part in np.array_split(np.arange(len(points)), len(points) // 1000 + 1):
        near = points[part] - centre
        scores = near @ V.T - half
        close = scores >= scores.max(axis=1, keepdims=True) - 1e-12 * ((near**2).sum(axis=1).max() + 2 * half.max())
        found[part] = scores.argmax(axis=1)
        for number in np.flatnonzero(close.sum(axis=1) > 1):  # what rounding cannot tell apart: by differences
            [units] = np.nonzero(close[number])
            apart = points[part[number]].astype(np.float64) - W[units]
            found[part[number]] = units[np.einsum("ud,ud->u", apart, apart).argmin()]
    return found

"""
_THETA = """
def theta(unit, radius):
    \"\"\"How strongly every unit follows a sample whose best-matching unit is `unit`.\"\"\"
    {theta}

"""
_PCA = """# Weights at the start: the plane of the first two principal components
mean = X.mean(axis=0, dtype=np.float64)
variances, directions = np.linalg.eigh((X - mean).T @ (X - mean) / len(X))
axes = [np.zeros(X.shape[1]), np.zeros(X.shape[1])]
for i in range(min(2, X.shape[1])):
    direction = directions[:, -1 - i]
    sign = np.sign(direction[np.abs(direction).argmax()])
    axes[i] = sign * direction * np.sqrt(max(0, variances[-1 - i]))
vertical, horizontal = axes if ROWS > COLUMNS else axes[::-1]
place = [np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in (ROWS, COLUMNS)]
W = mean + (place[0][row, None] * vertical + place[1][column, None] * horizontal)
W = W.astype(X.dtype)
"""
_RANDOM = """# Weights at the start: random within the range of every value
low, high = X.min(axis=0), X.max(axis=0)
W = low + (high - low) * np.random.default_rng({seed}).random((ROWS * COLUMNS, X.shape[1]))
W = W.astype(X.dtype)
"""
_SAMPLE = """# Weights at the start: random samples
W = X[np.random.default_rng({seed}).integers(len(X), size=ROWS * COLUMNS)]
"""
_BATCH = """
# Batch training: every step, every unit becomes the mean of all samples, weighted by its neighbourhood
centre = W.mean(axis=0, dtype=np.float64)
for step in range({epochs}):
    radius = decayed({radius0}, step, {epochs})
    bmu = nearest(X)
    weighted, mass = np.zeros(W.shape), np.zeros((len(W), 1))
    for unit in np.unique(bmu):
        near = theta(unit, radius)[:, None]
        members = X[bmu == unit]
        weighted += near * (members - centre).sum(axis=0)
        mass += near * len(members)
    W = np.where(mass > 1e-12, centre + weighted / np.maximum(mass, 1e-12), W){typed}
"""
_TYPED = ".astype(X.dtype)"
_ROUNDED = """
    W = np.round(W / GRAIN) * GRAIN  # sums differ in their last digits; units that mean the same become equal"""
_GRAIN = """
# What weights are multiples of, by column: {bits} bits of its range
low, high = X.min(axis=0), X.max(axis=0)
GRAIN = np.ldexp(np.ones(X.shape[1]), np.frexp(np.where(high > low, high - low, np.abs(high)))[1] - {bits})
"""
_ONLINE = """
# Online training: every step, one random sample pulls its best-matching unit and the units around it
steps = {epochs} * len(X)
order = np.random.default_rng(({seed}, 1))
step = 0
for epoch in range({epochs}):
    for number in order.integers(len(X), size=len(X)):
        rate, radius = decayed({rate0}, step, steps), decayed({radius0}, step, steps)
        apart = X[number].astype(np.float64) - W
        unit = np.einsum("ud,ud->u", apart, apart).argmin()
        W += W.dtype.type(rate) * theta(unit, radius).astype(W.dtype)[:, None] * (X[number] - W){clip}
        step += 1
"""
_END = """
codebook, bmu = W.reshape(ROWS, COLUMNS, -1), nearest(X)
error = np.sqrt(((X.astype(np.float64) - W[bmu]) ** 2).sum(axis=1)).mean()
print(f"quantization error {{error:.6g}}")
np.save("codebook.npy", codebook)
np.save("bmu.npy", bmu)  # of every sample: row * COLUMNS + column
"""
_THETAS = {
    "gaussian": "return np.exp(-squared(unit) / radius**2 / 2)",
    "bubble": "return (squared(unit) <= radius**2).astype(float)",
    "triangle": "return np.maximum(0, 1 - np.sqrt(squared(unit)) / radius)",
    "mexican hat": "return np.exp(-squared(unit) / radius**2 / 2) * (1 - squared(unit) / radius**2)",
}
_WEIGHTS_THETA = """# The form of the slide: distances between weights. It knows no lattice, and so keeps no order.
    return np.exp(np.linalg.norm(W - W[unit], axis=1) / (-2 * radius**2))"""


def draws_its_samples(task: SomTask) -> bool:
    """Return whether the script of a task makes its samples itself."""
    return task.source in _DATA or task.rotations  # the latter in a copy of this repository


def script(task: SomTask) -> str:
    """Return the text of a script that trains the task's map again and writes `codebook.npy` and `bmu.npy`.

    Of a table it comes to the same units for all samples as the app, since both train in float64, find the nearest unit
    exactly and leave out the digits that depend on the order of a sum.

    It makes colours and digits itself, and reads other samples from `SAMPLES_FILE` beside it. A map of pictures in all
    rotations is the one case that needs this repository.
    """
    som = task.som
    if task.rotations:
        return _of_the_repository(task)
    data, is_double = _DATA.get(task.source, _SAMPLES), task.origin.number > FLOAT
    start = {"pca": _PCA, "random": _RANDOM, "sample": _SAMPLE}[som.start]
    values = {
        "version": __version__,
        "of": _data_of(task),
        "rows": som.rows,
        "columns": som.columns,
        "epochs": som.epochs,
        "seed": som.seed,
        "rate0": repr(som.rate0),
        "radius0": repr(som.radius0),
        "needs": " and scikit-learn" if data is _DIGITS else "",
        "clip": "\n        W = W.clip(X.min(axis=0), X.max(axis=0))" if som.neighbourhood == "mexican hat" else "",
        "exact": _EXACT if som.method == "online" or is_double else _NEARLY,
        "typed": _ROUNDED if is_double else _TYPED,
        "bits": GRAIN,
        **_lattice_of(som),
        "law": _law(som),
        "theta": _WEIGHTS_THETA if som.distance == "weights" else _THETAS[som.neighbourhood],
    }
    steps = _ONLINE if som.method == "online" else (_GRAIN if is_double else "") + _BATCH
    parts = (_HEAD, data, _LATTICE, _NEAREST, _THETA, start, steps, _END)
    return "".join(part.format(**values) for part in parts)


def _data_of(task: SomTask) -> str:
    """Return the data in words of this repository alone: names from outside could end the script's first text."""
    return f"{datasets.get(task.dataset).title}, {task.origin.title.lower()}" if task.dataset else task.origin.title


def _lattice_of(som: SomSpec) -> dict[str, str]:
    places = "3**0.5 / 2, column + row % 2 / 2" if som.lattice == "hexagonal" else "1.0, column"
    around = "\n    high, wide = np.minimum(high, ROWS - high), np.minimum(wide, COLUMNS - wide)"
    return {"places": places, "toroid": around if som.toroid else ""}


def _law(som: SomSpec) -> str:
    if som.law == "linear":
        return f"initial * (1 - step / steps * -math.expm1(-{som.decay!r}))"
    if som.law == "inverse":
        return f"initial / (1 + step / steps * math.expm1({som.decay!r}))"
    return f"initial * math.exp(-step * {som.decay!r} / steps)"


def _of_the_repository(task: SomTask) -> str:
    return f'''"""A self-organising map of pictures in all rotations, trained again.

Made by Freezeframe {__version__}. Data: {_data_of(task)}.
Run it in a copy of Freezeframe: it needs the folder models beside it.
"""

import numpy as np

from models.som.data import SomTask, load
from models.som.film import poses_of
from models.som.rotation import snapshots

task = SomTask.from_json({task.to_json()!r})
for snapshot in snapshots(load(task).features, task.som, poses_of(task)):
    print(f"epoch {{snapshot.epoch:g}}: quantization error {{snapshot.quantization_error:.6g}}")
np.save("codebook.npy", snapshot.codebook)
'''
