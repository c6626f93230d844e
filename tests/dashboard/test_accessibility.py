"""What an audit with axe-core found, checked without it: names, values and headings for assistive technology."""

import json
import re
import subprocess

from playwright._impl._driver import compute_driver_executable

from tests.conftest import ROOT

NODE = compute_driver_executable()[0]  # the one that comes with Playwright
SCRIPTS = sorted((ROOT / "dashboard").rglob("*.js"))
SET = re.compile(r"([\w.]+)\.setAttribute\(\s*\"(role|aria-[a-z]+)\",\s*(?:\"(\w+)\")?")
TILE = """
const attributes = {};
const tile = { textContent: TEXT, setAttribute: (name, value) => { attributes[name] = value; } };
choosable(tile, { label: LABEL, selected: false, focusable: true, choose: null, next: null });
console.log(JSON.stringify(attributes));
"""


def attributes(script):
    """Return which attributes a script gives to each thing that it gives a role: {thing: (role, names)}."""
    found, roles = {}, {}
    for thing, name, value in SET.findall(script.read_text()):
        found.setdefault(thing.split(".")[-1], set()).add(name)
        if name == "role":
            roles[thing.split(".")[-1]] = value
    return {thing: (role, found[thing]) for thing, role in roles.items()}


def test_a_slider_says_where_it_stands_and_nothing_else_does():
    sliders, offenders = 0, []
    for script in SCRIPTS:
        for thing, (role, names) in attributes(script).items():
            sliders += role == "slider"
            if role == "slider" and "aria-valuemin" not in names:
                offenders.append(f"{script.name}: {thing} is a slider without a beginning")
            if role != "slider" and names & {"aria-valuenow", "aria-valuetext"}:
                offenders.append(f"{script.name}: {thing} is no slider and has a value")
        if '"slider"' in script.read_text() and '"aria-valuenow"' not in script.read_text():
            offenders.append(f"{script.name}: a slider without a value")
    assert sliders == 2 and not offenders


def test_a_tile_is_called_by_what_is_read_on_it():
    shared = (ROOT / "dashboard/widgets/tiles/tiles.js").read_text()
    for text, label in ((" 33 0.99 ", "kernel 33: edge, R² 0.99"), ("105", "channel 105, rank 1"), ("", "picture 7")):
        program = shared + TILE.replace("TEXT", json.dumps(text)).replace("LABEL", json.dumps(label))
        said = subprocess.run([NODE, "-e", program], capture_output=True, text=True, check=True).stdout
        name = json.loads(said)["aria-label"]
        assert text.strip() in name and name.startswith(label)


def test_no_level_of_the_headings_is_left_out():
    """A page has one title; what it writes in Markdown begins one level below."""
    deep = re.compile(r'["\'\s]#{4,}\s')
    sources = [path for path in (ROOT / "dashboard").rglob("*.py") if deep.search(path.read_text())]
    assert not [path.name for path in sources]
    drawn = [*SCRIPTS, *(ROOT / "dashboard").rglob("*.html")]
    assert not [path.name for path in drawn if re.search(r"<h[1456]|\"h[1456]\"", path.read_text())]
