"""Which terms of the glossary a text on a page holds, found apart from the script that marks them in the browser."""

import re

from dashboard.frame.words.terms import terms


def words_of(page: str) -> dict[str, str]:
    """Return which term each word is on a page, by the word in small letters."""
    here = [term for term in terms().values() if not term.pages or page in term.pages]
    return {form.lower(): term.name for term in here for form in (term.name, *term.forms)}


def found_in(page: str, text: str) -> set[str]:
    """Return the terms that a text on a page holds; of several words that begin at one place the longest counts."""
    words = words_of(page)
    choice = "|".join(re.escape(form) for form in sorted(words, key=len, reverse=True))
    return {words[match.lower()] for match in re.findall(rf"(?<!\w)(?:{choice})(?!\w)", text, re.IGNORECASE)}
