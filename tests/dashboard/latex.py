"""Reading typeset formulas: what whoever types the written numbers into a calculator gets."""

import re
from collections.abc import Mapping

import numpy as np

_FUNCTIONS = {"exp": np.exp, "cos": np.cos, "sin": np.sin, "ln": np.log, "max": np.maximum, "sqrt": np.sqrt}


def value(formula: str, **names: object):
    """Return the value of a formula, numbers or arrays.

    Args:
        formula: LaTeX with fractions, powers, brackets, exp, cos, sin, max and degrees.
        names: What its letters stand for.
    """
    text = re.sub(r"\\text\{.*?\}|\\!|\\left|\\right|\\;|(?<=\[)\\,|\\,(?=\])", "", formula)
    text = text.replace(r",\,", ", ").replace(r"\,", r"\cdot ").replace(r"\cdot", "*").replace(r"\le", "<=")
    text = re.sub(r"\[(.*?)\]", r"(1.0*(\1))", text)
    text = text.replace(r"\pi", "pi").replace(r"^\circ", "*pi/180")
    text = re.sub(r"\\(sin|cos)\s+([\d.]+)\*pi/180", r"\1(\2*pi/180)", text)
    while (found := re.sub(r"\\t?frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", _flat(text))) != text:
        text = found
    text = text.replace("^", "**").replace("{", "(").replace("}", ")")
    text = re.sub(r"\\(exp|cos|sin|ln|max|sqrt)", r" \1", text)
    text = re.sub(r"(?<=[\d)])\s*(?=[A-Za-z(])|(?<=pi)\s+(?=[a-z])", "*", text)
    return eval(text, {"__builtins__": {}}, {"e": np.e, "pi": np.pi, **_FUNCTIONS, **names})


def _flat(text: str) -> str:
    """Return the text with powers in round brackets, so that a fraction holds no other braces."""
    return re.sub(r"\^\{([^{}]*)\}", r"^(\1)", text)


def named(formula: str, names: Mapping[str, str]) -> str:
    """Return the formula with symbols, such as the radius at a step, replaced by single words."""
    for symbol, word in names.items():
        formula = formula.replace(symbol, f" {word} ")
    return formula
