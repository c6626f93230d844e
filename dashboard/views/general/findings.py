"""The findings of the transferability experiment in words, every number computed from the runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from dashboard.views.general.figures import written
from models.transferability.findings import Comparison, Difference
from models.wording import fixed, grouped

Comparisons = Mapping[str, Comparison]


# finding: (title, explanation)
TITLES: Final = {
    "general": (
        "General",
        "Layers are general as long as AnB, built on layers from task A, does as well as baseB, trained on B alone.",
    ),
    "co-adaptation": (
        "Co-adaptation",
        "BnB gets layers of its own task back, frozen. Where it stays below baseB, those layers had learned to work "
        "together with the layers above them, and new layers do not find that again.",
    ),
    "specificity": (
        "Specificity",
        "AnB and BnB are cut and frozen in the same way. So what AnB loses beyond BnB is due to the other task.",
    ),
    "gain": (
        "Gain of transfer",
        "AnB+ starts from task A and then trains all its layers on B. BnB+ starts from B instead, so it shows what the "
        "longer training brings on its own. Only what AnB+ gains beyond BnB+ comes from task A.",
    ),
    "random": (
        "Random filters",
        "RnB freezes random layers instead of learned ones. Here their BatchNorm statistics were set from pictures; "
        "the paper's network had no BatchNorm.",
    ),
}


def findings_table(ours: Comparisons, paper: Comparisons, ours_random: Comparisons, paper_random: Comparisons) -> None:
    """Draw every finding with what was measured here and what was published.

    Args:
        ours, paper: Comparisons of the split shown.
        ours_random, paper_random: Those of the random split where another one is shown; else empty.
    """
    for name, (title, explanation) in TITLES.items():
        if name not in ours and name not in paper:
            continue
        head, left, right = st.columns([3, 5, 5], gap="medium")
        head.markdown(f"**{title}**", help=explanation)
        judged = "gain beyond longer" if name == "gain" else name  # training longer is no gain of transfer
        if judged in ours and judged in paper:
            words, icon = verdict(name, ours[judged], paper[judged])
            head.badge(words, icon=icon, color="gray")
        here = finding(name, ours, ours_random) or "Not measured."
        there = finding(name, paper, paper_random) or "Not published for this split."
        left.markdown(f":material/science: **Here.** {here}")
        right.markdown(f":material/menu_book: **Paper.** {there}")
    if not paper_random:
        st.caption(reading(paper["general"]))


def finding(name: str, comparisons: Comparisons, of_random: Comparisons) -> str:
    """Return the sentences of one finding; empty where it was not measured.

    Args:
        name: Of the finding, as in `COMPARISONS`.
        comparisons: Of the split that is shown.
        of_random: Those of the random split, where another split is shown.
    """
    comparison = comparisons.get(name)
    if comparison is None:
        return ""
    if name == "general":
        return _general(comparison) + _against_random(comparison, of_random.get(name))
    if name == "gain":
        return _gain(comparison, comparisons.get("longer"), comparisons.get("gain beyond longer"))
    low = comparison.lowest
    where = f"Lowest at n = {low.n}: {amount(low, comparison)}."
    return f"{where} {_clear(comparison, 'loss')}"


def verdict(name: str, here: Comparison, there: Comparison) -> tuple[str, str]:
    """Return whether two measurements of a finding agree, in a few words, and an icon."""
    if not here.decidable:
        return "one seed: no verdict", ":material/question_mark:"
    up = name == "gain"
    ours, theirs, against = (here.gains, there.gains, here.losses) if up else (here.losses, there.losses, here.gains)
    if ours and theirs and name == "general":
        same = here.no_loss_up_to == there.no_loss_up_to
        words = "to the same layer" if same else f"to n = {here.no_loss_up_to} here, {there.no_loss_up_to} there"
        return words, ":material/check:" if same else ":material/compare_arrows:"
    if ours:
        return ("seen in both", ":material/check:") if theirs else ("clear here only", ":material/compare_arrows:")
    if not theirs:
        return "too small to see in both", ":material/waves:"
    if not set(theirs) & {each.n for each in here.differences}:
        return "not measured that deep", ":material/question_mark:"
    if against and name != "general":
        return "opposite here", ":material/swap_vert:"
    return "too small to see here", ":material/waves:"


def limits(comparisons: Comparisons, pictures: Sequence[int]) -> str:
    """Return what so few seeds and pictures can show and what they cannot, and how many comparisons are made.

    Args:
        comparisons: Measured here, of the split shown; empty where nothing was measured.
        pictures: On which the networks behind them were tested, each number once.
    """
    if not comparisons:
        return ""
    seeds = sorted({each.runs for one in comparisons.values() for each in one.differences})
    count = sum(len(one.differences) for one in comparisons.values())
    layer_count = max(len(one.differences) for one in comparisons.values())
    on = " to ".join(grouped(number) for number in dict.fromkeys((min(pictures), max(pictures))))
    shown = " to ".join(str(number) for number in dict.fromkeys((seeds[0], seeds[-1])))
    basis = f"{shown} {'seed' if seeds == [1] else 'seeds'} and {on} test pictures a network"
    made = (
        f"There are {count} comparisons ({len(comparisons)} pairs of treatments with up to {layer_count} layers each)"
    )
    decided = [one.margins for name, one in comparisons.items() if one.decidable and name != "random"]
    if not decided:
        return f"**What {basis} can show:** nothing for certain, because the scatter of seeds is not known. {made}."
    low, high = (100 * pick(ends) for pick, ends in ((min, [a for a, _ in decided]), (max, [b for _, b in decided])))
    borrowed = " The scatter of seeds is taken from the other tasks." if seeds == [1] else ""
    return (
        f"**What {basis} can show:** differences of more than {fixed(low, 1)} to {fixed(high, 1)} points between "
        "learned layers. "
        "Smaller ones may exist, and nothing here shows that two treatments are equal. "
        f"{made}. The margins hold for all layers of a pair at once, with 95%; they are not widened for the number of "
        "pairs."
        f"{borrowed}"
    )


def amount(difference: Difference, comparison: Comparison) -> str:
    """Return a difference in points, with its margin and its n."""
    seeds = comparison.basis == "intervals"
    unit = ("seed" if seeds else "run") + ("" if difference.runs == 1 else "s")
    margin = f" ± {fixed(100 * difference.margin, 1)}" if seeds and not math.isnan(difference.margin) else ""
    return f"{points(difference.mean)}{margin} points, {difference.runs} {unit}"


def points(difference: float) -> str:
    """Return a difference of accuracies in percentage points, signed."""
    return written(difference, relative=True)


def reading(comparison: Comparison) -> str:
    """Return how the authors read their own curves, beside what the ranges of the runs say; for random halves."""
    third = next(each for each in comparison.differences if each.n == 3)
    return (
        "How the authors read their own curves: layers 1 and 2 are general, BnB dips at n = 3 to 6, AnB falls further "
        f"at 6 and 7, and AnB+ beats training on B alone. AnB's drop at n = 3, {amount(third, comparison)}, lies "
        f"{'outside' if third.clear else 'inside'} the ranges of the runs."
    )


def layers(numbers: Sequence[int]) -> str:
    """Return "1, 2 and 4"."""
    words = [str(number) for number in numbers]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _clear(comparison: Comparison, what: str) -> str:
    """Return where the comparison shows a clear "loss" or "gain", and what shows it."""
    if not comparison.decidable:
        return "Only one seed, so the scatter of seeds is not known."
    wanted, opposite, other = comparison.losses, comparison.gains, "gain"
    if what == "gain":
        wanted, opposite, other = comparison.gains, comparison.losses, "loss"
    widest, count = comparison.margins[1], len(comparison.differences)
    corrected = f", corrected for {count} layers," if count > 1 else ""
    reason, missing = {
        "intervals": (f"the 95% interval{corrected} leaves out 0", f"every 95% interval{corrected} holds 0"),
        "ranges": ("the ranges of the runs do not overlap", "the ranges of the runs overlap"),
        "single runs": (
            f"it is larger than the {fixed(100 * widest, 1)} points between repeated runs of any treatment",
            f"repeated runs of one treatment already differ by up to {fixed(100 * widest, 1)} points",
        ),
    }[comparison.basis]
    if wanted:
        return f"A clear {what} at n = {layers(wanted)}: {reason}."
    if opposite:
        return f"No {what}, but a clear {other} at n = {layers(opposite)}: {reason}."
    return f"No clear {what}: {missing}."


def _general(comparison: Comparison) -> str:
    deep, at = comparison.deepest, {each.n: each for each in comparison.differences}
    if not comparison.decidable:
        return f"With {_copied(deep.n)}: {amount(deep, comparison)}. {_clear(comparison, 'loss')}"
    last = comparison.no_loss_up_to
    kept = f"No clear loss up to n = {last}: {amount(at[last], comparison)}. " if last in at else ""
    if not comparison.losses:
        return f"{kept}That is as far as was measured."
    first = at[comparison.losses[0]]
    return f"{kept}The first clear loss is at n = {first.n}: {amount(first, comparison)}."


def _copied(count: int) -> str:
    return f"{count} {'layer' if count == 1 else 'layers'} copied"


def _against_random(comparison: Comparison, of_random: Comparison | None) -> str:
    if of_random is None:
        return ""
    deep, other = comparison.deepest, of_random.deepest
    return (
        f" With {_copied(deep.n)}, AnB differs from baseB by {points(deep.mean)} points; with random halves by "
        f"{points(other.mean)}{'' if other.n == deep.n else f' (n = {other.n})'}."
    )


def _gain(comparison: Comparison, longer: Comparison | None, beyond: Comparison | None) -> str:
    high = comparison.highest
    text = (
        f"Averaged over the layers, AnB+ differs from baseB by {points(comparison.average)} points. The best is at "
        f"n = {high.n}: {amount(high, comparison)}. {_clear(comparison, 'gain')}"
    )
    if longer is None or beyond is None:
        return text
    clear = f"clearly at n = {layers(beyond.gains)}" if beyond.gains else "nowhere clearly"
    return (
        f"{text} BnB+ trained as long, but on B alone: {points(longer.average)} points. Beyond that AnB+ gains "
        f"{points(beyond.average)}, {clear}."
    )
