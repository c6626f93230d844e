"""The rules of the house: arrows point one way, Keras stays behind its wall, every folder says what it holds.

One test a rule; each lists everything that offends.
"""

import ast
import functools
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from models import catalogue
from models.attribution.maps import TESTED
from models.jobs.job import Job, Task
from models.pictures.datasets import DATASETS

ROOT = Path(__file__).resolve().parents[1]
WINGS = (  # a wing imports only those before it
    "storage", "jobs", "pictures", "frame8", "backbones", "training", "sweeps", "networks", "activations", "occlusion",
    "features", "representations", "attribution", "som", "transferability",
)  # fmt: skip
EVERYBODYS = {
    "errors",
    "intervals",
    "ids",
    "wording",
}  # modules of the core that any wing may import, and that import no wing
ABOVE = {"catalogue", "ship"}  # modules of the core that import the wings
LONGEST = 400  # lines of a file
SHORTEST = 60  # lines of a file, but for those in SMALL
_ONE_CACHE = "the one file of its view that may cache"
_FIGURES = "figures know no Streamlit, and their panel draws with it"
SMALL = {  # what has fewer lines -> why it is a file
    "dashboard.app": "what Streamlit is started with",
    "dashboard.frame.browser": "the two scripts that every page runs in the browser",
    "dashboard.frame.fonts": "one middleware, apart from the one that compresses",
    "dashboard.frame.tour.end": "the last card, apart from the bar that stands on every page before it",
    "dashboard.views.compare.figures": _FIGURES,
    "dashboard.views.data.figures": _FIGURES,
    "dashboard.views.evaluate.figures": _FIGURES,
    "dashboard.views.features.cache": _ONE_CACHE,
    "dashboard.views.home.cache": _ONE_CACHE,
    "dashboard.views.home.doors": "what lies below the demo and knows nothing of it",
    "dashboard.views.occlusion.cache": _ONE_CACHE,
    "dashboard.views.occlusion.trust": "the choice among three tests, each of which is a file",
    "dashboard.views.som.weights": "several panels draw weights by it, and it draws with Streamlit, so is no figure",
    "dashboard.views.train.cache": _ONE_CACHE,
    "dashboard.views.train.presets": "fills the controls of three files that do not know one another",
    "dashboard.widgets.panels": "views share it, and none may import another",
    "dashboard.widgets.probe_amount": "views share it, and none may import another",
    "dashboard.widgets.formatted": "the one way to tables with numbers in the one format",
    "models.attribution.scales": "workers and pages scale alike; `maps` keeps room for rows of methods",
    "models.backbones.worker.download": "a job's work is a worker's; beside `build` it would wait for Keras",
    "models.backbones.worker.lite0": "one network's graph, which `build` knows by its name",
    "models.errors": "everybody's",
    "models.features.backward": "two tasks and their answers; the rules are the worker's",
    "models.jobs.lifeline": "how a process ends, which is nobody else's subject",
    "models.jobs.shipped": "where the shipped answers of tasks lie, for the engine and for recording",
    "models.jobs.turns": "who is next, apart from how it is run",
    "models.networks.answers": "two tasks and their answers; the network is the worker's",
    "models.ship": "a command",
    "models.occlusion.worker.flow": "a task's work is a worker's",
    "models.som.worker.tables": "a task's work is a worker's; the reading is in `table_reading`",
    "models.sweeps.convergence": "one criterion, with why it is right; `cells` measures by it and `results` judges",
}
LONGEST_FUNCTION = 47  # lines, with its docstring; but for those in LONG
LONG = {"models.attribution.deletion.curves": "51 lines, of which 21 are its docstring"}
MOST_ARGUMENTS = 6  # of a function, but for those in MANY
_KEY = "the key of a cache: ids, and what is chosen"
_WORDS = "a widget: what is drawn, and the words and the key it is drawn with"
_DRAWN = "a figure: what is drawn, and what may be drawn into it, by name"
_PLAIN = "arrays and numbers, which whoever checks the formula gives by name"
MANY = {  # what has more -> why
    "dashboard.figures.activations.grid": "the arrays that `cache.channel_grid` names by ids",
    "dashboard.views.activations.cache.channel_grid": _KEY,
    "dashboard.views.features.patch_pairs.patch_pairs": _WORDS,
    "dashboard.views.general.figures.curves": _DRAWN,
    "dashboard.views.occlusion.canvas.linked_maps": _WORDS,
    "dashboard.views.occlusion.figures.panel": _DRAWN,
    "dashboard.views.som.figures.numbers": _DRAWN,
    "dashboard.views.som.figures_net.net": _DRAWN,
    "dashboard.views.som.weights.figure": "those of `figures_net.net`",
    "dashboard.widgets.block_diagram.block_diagram": _WORDS,
    "dashboard.widgets.tiles.thumbnails": _WORDS,
    "dashboard.widgets.work.answer": _WORDS,
    "dashboard.widgets.work.offer": _WORDS,
    "models.attribution.deletion.curves": _PLAIN,
    "models.frame8.card.write": "all that a pretraining leaves",
    "models.occlusion.occlusion.occlusion_map": _PLAIN,
    "models.som.steps.online_step": _PLAIN,
}
PAGE = 60  # lines of a page's script that are not empty
HEAVY = {"keras", "tensorflow"}


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    """The dotted name of a module."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@functools.cache
def modules() -> frozenset[str]:
    """Every module of the core, the page and the tests, by its dotted name."""
    return frozenset(name_of(path) for folder in ("models", "dashboard", "tests") for path in files(folder))


@functools.cache
def imports_of(path: Path, *, lazy: bool = True) -> frozenset[str]:
    """Every module that `path` imports, inside functions too unless only what importing it brings is asked for."""
    tree = ast.parse(path.read_text())
    found = set()
    for node in ast.walk(tree) if lazy else tree.body:
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            below = {f"{node.module}.{name.name}" for name in node.names} & modules()
            found |= below or {node.module}
            if len(below) < len(node.names):
                found.add(node.module)
    return frozenset(found)


def top(name: str) -> str:
    return name.split(".")[0]


def wing_of(name: str) -> str:
    """The wing, or the single module, of a dotted name in the core."""
    return name.split(".")[1] if "." in name else ""


def in_worker(name: str) -> bool:
    return name.startswith("models.") and "worker" in name.split(".")


def test_the_core_knows_no_page():
    offenders = {
        name_of(path): found
        for path in files("models")
        if (found := {name for name in imports_of(path) if top(name) in {"streamlit", "plotly", "dashboard", "tests"}})
    }
    assert not offenders


def test_every_folder_of_the_core_is_a_wing():
    folders = {path.name for path in (ROOT / "models").iterdir() if path.is_dir() and path.name != "__pycache__"}
    singles = {path.stem for path in (ROOT / "models").glob("*.py")} - {"__init__"}
    assert folders == set(WINGS) and singles == EVERYBODYS | ABOVE


def test_a_wing_imports_no_wing_behind_it():
    offenders = []
    for path in files("models"):
        own = wing_of(name_of(path))
        if own in ABOVE | {""}:
            continue
        allowed = EVERYBODYS | set(WINGS[: WINGS.index(own) + 1] if own in WINGS else ())
        used = {name for name in imports_of(path) if top(name) == "models" and wing_of(name) not in allowed | {""}}
        if name_of(path) == "models.jobs.execute":  # a worker looks up by name what it is to do
            used -= {"models.catalogue"}
        offenders += [f"{name_of(path)} -> {name}" for name in sorted(used)]
    assert not offenders


def test_no_modules_import_each_other_in_a_circle():
    arrows = {
        name_of(path): {name for name in imports_of(path, lazy=False) if name in modules()} - {name_of(path)}
        for folder in ("models", "dashboard")
        for path in files(folder)
    }
    while free := {name for name, targets in arrows.items() if not targets & arrows.keys()}:
        arrows = {name: targets for name, targets in arrows.items() if name not in free}
    assert not {name: sorted(targets & arrows.keys()) for name, targets in arrows.items()}


def test_keras_is_imported_by_workers_only_and_workers_by_workers_only():
    offenders = []
    for folder in ("models", "dashboard"):
        for path in files(folder):
            if not in_worker(name_of(path)):
                used = {name for name in imports_of(path) if top(name) in HEAVY or in_worker(name)}
                offenders += [f"{name_of(path)} -> {name}" for name in sorted(used)]
    assert not offenders


def test_everything_the_page_imports_of_the_core_comes_without_tensorflow():
    names = sorted(name_of(path) for path in files("models") if not in_worker(name_of(path)))
    code = f"import sys, importlib; [importlib.import_module(m) for m in {names}]; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not [name for name in (*HEAVY, "streamlit", "plotly", "sklearn") if f"'{name}'" in loaded]


def test_a_view_imports_no_other_view_and_nobody_below_imports_a_view():
    allowed = {("dashboard.views.traps", "dashboard.views.train")}  # it fills in the controls of Train
    offenders = []
    for path in files("dashboard"):
        name = name_of(path)
        own = ".".join(name.split(".")[:3]) if name.startswith("dashboard.views.") else ""
        used = {n for n in imports_of(path) if n.startswith("dashboard.views.")}
        if own:
            used = {n for n in used if not (n + ".").startswith(own + ".")}
            used = {n for n in used if (own, ".".join(n.split(".")[:3])) not in allowed}
        elif name == "dashboard.app" or name.startswith("dashboard.app_pages."):
            used = set()
        offenders += [f"{name} -> {n}" for n in sorted(used)]
    assert not offenders


def test_figures_know_no_streamlit_and_no_widget():
    drawings = [*files("dashboard/figures"), *(p for p in files("dashboard/views") if p.stem.startswith("figures"))]
    offenders = {
        name_of(path): found
        for path in drawings
        if (found := {n for n in imports_of(path) if top(n) == "streamlit" or ".widgets" in n or ".frame" in n})
    }
    assert drawings and not offenders


def test_a_page_is_short_straight_and_imported_by_nobody():
    offenders = []
    for path in files("dashboard/app_pages"):
        lines = sum(1 for line in path.read_text().splitlines() if line.strip())
        classes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)]
        if lines > PAGE or classes:
            offenders.append(f"{path.name}: {lines} lines, {len(classes)} classes")
    for path in files("dashboard"):
        offenders += [f"{name_of(path)} -> {name}" for name in imports_of(path) if "app_pages" in name]
    assert not offenders


def test_networks_are_judged_on_pictures_from_one_place_that_no_test_replaces():
    """`layers.split` gives a run's own parts. Who divides data sets by himself has no run, or is asked which split."""
    allowed = {
        "models.networks.layers",
        "models.training.recipes",
        "models.activations.worker.maps",
        "models.som.worker.rotation",
        "models.transferability.worker.slice",
        "dashboard.views.data.gallery",
        "dashboard.widgets.picture_picker",
    }
    offenders = [
        name_of(path)
        for folder in ("models", "dashboard")
        for path in files(folder)
        if re.search(r"\bdatasets\.split\(|import split\b", path.read_text()) and name_of(path) not in allowed
    ]
    replaced = re.compile(r"""setattr\([^)\n]*["'.](split|split_seed|split_of|test_pictures)["']""")
    offenders += [name_of(path) for path in files("tests") if replaced.search(path.read_text())]
    assert not offenders


def test_only_state_touches_the_address_and_only_caches_cache():
    offenders = []
    for path in files("dashboard"):
        text = path.read_text()
        if path.stem not in {"state", "link"} and "query_params" in text.replace('bind="query-params"', ""):
            offenders.append(f"{name_of(path)} touches the address")
        if path.stem != "cache" and "st.cache_" in text:
            offenders.append(f"{name_of(path)} caches")
        if "unsafe_allow_html" in text:
            offenders.append(f"{name_of(path)} writes HTML")
    assert not offenders


def test_what_an_error_says_is_made_safe_before_it_is_drawn():
    """Its text may hold a name from outside, and these render Markdown. Kept texts are called `problem`."""
    draws = {"error", "warning", "info", "success", "caption", "markdown", "write", "subheader", "header", "toast"}
    offenders = []

    def raw(node: ast.AST, unsafe: set[str]) -> bool:
        """Whether a name in `unsafe` is read outside of what makes it safe, or only looked at."""
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"safe_label", "html.escape"}:
            return False
        if isinstance(node, ast.IfExp):
            return raw(node.body, unsafe) or raw(node.orelse, unsafe)
        if isinstance(node, ast.Name):
            return node.id in unsafe
        return any(raw(child, unsafe) for child in ast.iter_child_nodes(node))

    for path in files("dashboard"):
        tree = ast.parse(path.read_text())
        unsafe = {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name}
        unsafe |= {"problem", "refusal", "error"}
        offenders += [
            f"{name_of(path)}:{call.lineno} {ast.unparse(call)[:80]}"
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in draws
            and any(raw(argument, unsafe) for argument in call.args)
        ]  # fmt: skip
    assert not offenders


def in_tables() -> set[str]:
    """Return the modules that a row names: of a method's function, and of a data set that is drawn."""
    drawn = {spec.origin.__name__ for spec in DATASETS.values() if isinstance(spec.origin, ModuleType)}
    return drawn | {method.work.split(":")[0] for method in TESTED.values()}


def test_every_folder_names_its_rooms():
    """The docstring of a wing and of a page's views lists its files, a line each, and no others.

    The file of a method's function, or of a data set's pictures, may be left out: its row in the table names it.
    """
    offenders = []
    folders = [ROOT / "models" / wing for wing in WINGS]
    folders += [path for path in (ROOT / "models").rglob("worker") if path.is_dir()]
    folders += [ROOT / "models/training/costs", ROOT / "dashboard/widgets", ROOT / "dashboard/frame"]
    folders += [path for path in (ROOT / "dashboard/views").iterdir() if path.is_dir() and path.name != "__pycache__"]
    for folder in folders:
        tree = ast.parse((folder / "__init__.py").read_text())
        named = set(re.findall(r"^    (\w+)/?(?:  +|\n)\S", (ast.get_docstring(tree, clean=False) or "") + "\n", re.M))
        rooms = {path.stem for path in folder.glob("*.py")} - {"__init__"}
        if len(tree.body) > 1:
            offenders.append(f"{folder.name}: holds more than a docstring")
        if missing := {
            room for room in rooms - named if f"{name_of(folder / '__init__.py')}.{room}" not in in_tables()
        }:
            offenders.append(f"{folder.relative_to(ROOT)} does not name {sorted(missing)}")
        packages = {path.parent.name for path in folder.glob("*/__init__.py")}
        if more := named - rooms - packages:
            offenders.append(f"{folder.relative_to(ROOT)} names {sorted(more)}, which are not there")
    assert not offenders


def test_no_file_is_too_long_and_none_is_called_utils():
    offenders = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for folder in ("models", "dashboard")
        for path in files(folder)
        if (lines := len(path.read_text().splitlines())) > LONGEST or path.stem in {"utils", "helpers", "misc"}
    ]
    assert not offenders


def test_a_small_file_has_a_reason():
    """What has few lines stands where a reader looks for it, or is a thing of its own, as what a row names is."""
    lines = {
        name_of(path): len(path.read_text().splitlines())
        for folder in ("models", "dashboard")
        for path in files(folder)
        if path.stem != "__init__" and path.parent.name != "app_pages"
    }
    offenders = [
        f"{name}: {count} lines"
        for name, count in lines.items()
        if count < SHORTEST and name not in {*SMALL, *in_tables()}
    ]
    offenders += [f"{name} is no longer there" for name in sorted(SMALL.keys() - lines.keys())]
    assert not offenders


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield every function and method of a module, by its dotted name."""

    def below(node: ast.AST, name: str) -> Iterator[tuple[str, ast.FunctionDef]]:
        for child in ast.iter_child_nodes(node):
            inner = f"{name}.{child.name}" if isinstance(child, ast.FunctionDef | ast.ClassDef) else name
            if isinstance(child, ast.FunctionDef):
                yield inner, child
            yield from below(child, inner)

    yield from below(ast.parse(path.read_text()), name_of(path))


def test_a_function_is_short_and_has_few_arguments():
    offenders, known = [], set()
    for path in (*files("models"), *files("dashboard")):
        for name, function in functions(path):
            known.add(name)
            lines = function.end_lineno - function.lineno + 1
            given = function.args
            count = len([*given.posonlyargs, *given.args, *given.kwonlyargs])
            count -= any(word.arg in {"self", "cls"} for word in given.args[:1])
            if lines > LONGEST_FUNCTION and name not in LONG:
                offenders.append(f"{name}: {lines} lines")
            if count > MOST_ARGUMENTS and name not in MANY:
                offenders.append(f"{name}: {count} arguments")
    offenders += [f"{name} is no longer there" for name in sorted((LONG.keys() | MANY.keys()) - known)]
    assert not offenders


def test_every_job_and_task_stands_in_the_catalogue_and_can_be_done():
    offenders = []
    listed = {id(work) for work in (*catalogue.JOBS, *catalogue.TASKS)}
    for path in files("models"):
        if in_worker(name_of(path)) or name_of(path) == "models.catalogue":
            continue
        found = vars(importlib.import_module(name_of(path)))
        offenders += [
            f"{name_of(path)}.{name} is not in the catalogue"
            for name, value in found.items()
            if isinstance(value, (Job, Task)) and id(value) not in listed
        ]
    for work in (*(work.work for work in (*catalogue.JOBS, *catalogue.TASKS)), *catalogue.SHIPMENTS.values()):
        module, function = work.split(":")
        path = ROOT / (module.replace(".", "/") + ".py")
        defined = [n.name for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef)]
        if not in_worker(module) or function not in defined:
            offenders.append(f"{work} is no function of a worker")
    assert not offenders


def test_a_class_name_says_which_result_a_file_holds():
    kinds = [job.kind for job in catalogue.JOBS]
    names = [task.name for task in catalogue.TASKS]
    results = {job.result for job in catalogue.JOBS if job.result} | {task.answer for task in catalogue.TASKS}
    assert len(set(kinds)) == len(kinds) and len(set(names)) == len(names)
    assert len({result.__name__ for result in results}) == len(results)


def test_pandas_is_whole_before_anything_is_drawn():
    """Plotly asks `sys.modules` for it, and fails on one that another visitor's page is just importing."""
    names = [
        node.names[0].name
        for node in ast.parse((ROOT / "dashboard/main.py").read_text()).body
        if isinstance(node, ast.Import)
    ]
    assert names.index("pandas") < names.index("streamlit")


def test_nothing_else_lies_at_the_top():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = {line.split("/")[0] for line in tracked.splitlines()}
    expected = {"README.md", "requirements.txt", "LICENSE", "dashboard", "models", "assets", "tests"}
    assert {name for name in found if not name.startswith(".")} <= expected


# Their numbers are read by machines, or stand in programs.
_PROGRAMS = {
    "models.training.keras_script", "models.training.take_along",
    "models.som.script", "models.som.export", "models.transferability.experiment",
}  # fmt: skip
_IN_THE_BROWSER = {".0f", ".1f", ".2f", ".3f", ".1%"}  # Plotly writes these as `models.wording` does, from zero on
_EXACT = {("models.som.table_reading", ".15g")}  # what was read out of a cell, to the last digit


def texts_of(path: Path) -> list[tuple[int, str]]:
    """Return the strings of a module with their lines, docstrings left out; "\\0" stands for what is filled in."""
    tree = ast.parse(path.read_text())
    described = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and isinstance(node.body[0], ast.Expr)
    }
    found, parts = [], set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts |= {id(part) for part in node.values}
            filled = (part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)
            found.append((node.lineno, "".join(map(str, filled))))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in described | parts:
            found.append((node.lineno, node.value))
    return found


def wrong_numbers(path: Path) -> list[str]:
    """Return where a module writes numbers for people by other means than `models.wording`."""
    name, offenders = name_of(path), []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            spec = ast.unparse(node.format_spec)[2:-1]
            if not re.fullmatch(r"0?\d*d?", spec) and (name, spec) not in _EXACT:
                offenders.append(f"{name}:{node.lineno} {ast.unparse(node.value)}:{spec}")
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("NumberColumn", "ProgressColumn")):
            written = [ast.unparse(word.value) for word in node.keywords if word.arg == "format"]
            offenders += [f"{name}:{node.lineno} column format {text}" for text in written if text != "'plain'"]
    for line, text in texts_of(path):
        offenders += [
            f"{name}:{line} {found[0]}"
            for found in re.finditer(r"(%?)\{[^{}:]*:([+,~.\d]*[%efg,])\}", text)
            if not (found[1] and found[2] in _IN_THE_BROWSER)
        ]
        offenders += [
            f"{name}:{line} {found[0]}"
            for found in re.finditer(r"[\d\0] %(?![\w({])|(?<!\w)\d(?:\.\d+)?e[+-]?\d{1,3}(?!\w)", text)
        ]
        offenders += [f"{name}:{line} {text!r}" for _ in range(text == "−") if name != "models.wording"]
    return offenders


def test_numbers_are_written_in_one_place():
    paths = [path for folder in ("models", "dashboard") for path in files(folder)]
    checked = [path for path in paths if name_of(path) not in _PROGRAMS | {"models.wording"}]
    assert not [offender for path in checked for offender in wrong_numbers(path)]


def test_a_time_of_day_is_written_in_one_place():
    allowed = {"dashboard.labels", "models.training.worker.measure_rates"}  # the second keeps a day, in UTC, in a file
    writes = re.compile(r"\b(strftime|fromtimestamp|isoformat|localtime|gmtime|ctime|asctime|datetime\.now)\(")
    paths = [path for folder in ("models", "dashboard") for path in files(folder)]
    assert not [name_of(path) for path in paths if writes.search(path.read_text()) and name_of(path) not in allowed]


def test_scripts_of_the_browser_write_numbers_in_one_place():
    writes = re.compile(r"toFixed|toPrecision|toLocale|toExponential|[\"'] %")
    scripts = [path for path in (ROOT / "dashboard").rglob("*.js") if path.name != "numbers.js"]
    assert scripts and not [path.name for path in scripts if writes.search(path.read_text())]
