r"""Graphemes as `Intl.Segmenter` counts them.

That is `\X` of `regex`, but no virama joins a consonant to what is none.
"""

import regex

_CONSONANT = r"\p{InCB=Consonant}"
_JOINER = r"[\p{InCB=Extend}\p{InCB=Linker}]"
_CLUSTER = regex.compile(r"\X")
_JOINED_TOO_MUCH = regex.compile(
    rf"(?<!{_CONSONANT}|{_JOINER}){_JOINER}*\p{{InCB=Linker}}{_JOINER}*(?={_CONSONANT})"
)


def count_graphemes(text: str) -> int:
    return len(_CLUSTER.findall(text)) + len(_JOINED_TOO_MUCH.findall(text))
