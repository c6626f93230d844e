"""The arrows between the parts point one way, and the page process stays light."""

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def imports_of(path: Path) -> set[str]:
    """Every module `path` imports, lazily inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return found


def at_import(path: Path) -> set[str]:
    """Every module that importing `path` imports: those at the top level of the file."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return found


@functools.cache
def keras_modules() -> frozenset[str]:
    """The modules of the core that bring Keras with them, directly or through another; only workers import these."""
    imported = {path.stem: at_import(path) for path in files("models")}
    heavy = {stem for stem, names in imported.items() if any(n.split(".")[0] in {"keras", "tensorflow"} for n in names)}
    while more := {s for s, names in imported.items() if names & {f"models.{h}" for h in heavy}} - heavy:
        heavy |= more
    return frozenset(heavy)


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", files("models"), ids=lambda path: path.stem)
def test_the_core_knows_no_page(path):
    assert not {name for name in imports_of(path) if name.split(".")[0] in {"streamlit", "plotly", "dashboard"}}


@pytest.mark.parametrize("path", files("dashboard"), ids=lambda path: path.stem)
def test_the_page_knows_no_keras(path):
    forbidden = {f"models.{name}" for name in keras_modules()}
    imported = imports_of(path)
    assert not {name for name in imported if name.split(".")[0] in {"keras", "tensorflow"}} and not imported & forbidden


@pytest.mark.parametrize("path", files("dashboard/figures"), ids=lambda path: path.stem)
def test_figures_know_no_streamlit(path):
    assert not {name for name in imports_of(path) if name.split(".")[0] == "streamlit" or ".components" in name}


@pytest.mark.parametrize("path", files("dashboard/app_pages"), ids=lambda path: path.stem)
def test_a_page_is_short_and_imports_no_page(path):
    assert not {name for name in imports_of(path) if "app_pages" in name}
    assert sum(1 for line in path.read_text().splitlines() if line.strip()) <= 60
    assert not [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)]


@pytest.mark.parametrize("path", files("dashboard/components"), ids=lambda path: path.stem)
def test_components_import_no_page(path):
    assert not {name for name in imports_of(path) if "app_pages" in name}


@pytest.mark.parametrize("path", files("dashboard"), ids=lambda path: path.stem)
def test_only_state_touches_the_address_and_only_cache_caches(path):
    text = path.read_text()
    if path.stem != "state":
        assert "query_params" not in text.replace('bind="query-params"', "")
    if path.stem != "cache":
        assert "st.cache_" not in text
    assert "unsafe_allow_html" not in text


def test_everything_the_page_imports_of_the_core_comes_without_tensorflow():
    assert {"frame8", "networks", "transfer"} <= keras_modules()
    modules = sorted(p.stem for p in (ROOT / "models").glob("*.py") if p.stem not in keras_modules() | {"__init__"})
    code = f"import sys; [__import__('models.' + m) for m in {modules}]; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not [name for name in ("'keras'", "'tensorflow'", "'streamlit'", "'plotly'", "'sklearn'") if name in loaded]


def test_pandas_is_whole_before_anything_is_drawn():
    """Plotly asks `sys.modules` for it, and fails on one that another visitor's page is just importing."""
    names = [
        node.names[0].name
        for node in ast.parse((ROOT / "dashboard/app.py").read_text()).body
        if isinstance(node, ast.Import)
    ]
    assert names.index("pandas") < names.index("streamlit")


def test_the_map_names_every_module_of_the_core_and_whether_it_needs_keras():
    rows = re.findall(r"^\| `(\w+)` \| .+? \| (yes)? ?\|$", (ROOT / "models" / "README.md").read_text(), re.M)
    assert sorted(name for name, _ in rows) == sorted({path.stem for path in files("models")} - {"__init__"})
    assert {name for name, needs in rows if needs} == keras_modules()


def test_nothing_else_lies_at_the_top():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    top = {line.split("/")[0] for line in tracked.splitlines()}
    expected = {"README.md", "requirements.txt", "LICENSE", "dashboard", "models", "assets", "tests"}
    assert {name for name in top if not name.startswith(".")} <= expected
