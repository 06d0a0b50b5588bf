"""What counts as one emoji on X: by the page that says so, and by X's own JavaScript.

https://docs.x.com/fundamentals/counting-characters says that every emoji counts 2 and, in the same breath,
that the library twitter-text counts. That library knows the emoji of 2018 (npm twitter-text 3.1.0, with
twemoji-parser 11.0.2): what is newer falls apart there into its pieces. What x.com itself counts is
not documented. The classes below were read off that library's answers to every code point:
tests/bot/networks/x/lengths/README.md.
"""

import functools
from typing import Any

import regex  # the Unicode properties that `re` lacks

_KEYCAP = "[0-9#*]\ufe0f?\u20e3"
_TONE = "[\U0001f3fb-\U0001f3ff]"

_WITH_OR_WITHOUT_VARIANT = (
    "203c 2049 2139 2194-2199 21a9-21aa 231a-231b 2328 23cf 23ed-23ef 23f1-23f2 23f8-23fa 24c2 "
    "25aa-25ab 25b6 25c0 25fb-25fe 2600-2604 260e 2611 2614-2615 2618 261d 2620 2622-2623 2626 262a "
    "262e-262f 2638-263a 2640 2642 2648-2653 2660 2663 2665-2666 2668 267b 267f 2692-2697 2699 "
    "269b-269c 26a0-26a1 26aa-26ab 26b0-26b1 26bd-26be 26c4-26c5 26c8 26cf 26d1 26d3-26d4 26e9-26ea "
    "26f0-26f5 26f7-26fa 26fd 2702 2708-2709 270c-270d 270f 2712 2714 2716 271d 2721 2733-2734 2744 "
    "2747 2757 2763-2764 27a1 2934-2935 2b05-2b07 2b1b-2b1c 2b50 2b55 3030 303d 3297 3299 1f004 "
    "1f170-1f171 1f17e-1f17f 1f202 1f21a 1f22f 1f237 1f321 1f324-1f32c 1f336 1f37d 1f396-1f397 "
    "1f399-1f39b 1f39e-1f39f 1f3cb-1f3ce 1f3d4-1f3df 1f3f3 1f3f5 1f3f7 1f43f 1f441 1f4fd 1f549-1f54a "
    "1f56f-1f570 1f573-1f579 1f587 1f58a-1f58d 1f590 1f5a5 1f5a8 1f5b1-1f5b2 1f5bc 1f5c2-1f5c4 "
    "1f5d1-1f5d3 1f5dc-1f5de 1f5e1 1f5e3 1f5e8 1f5ef 1f5f3 1f5fa 1f6cb 1f6cd-1f6cf 1f6e0-1f6e5 1f6e9 "
    "1f6f0 1f6f3"
)
_WITHOUT_VARIANT = (
    "23e9-23ec 23f0 23f3 267e 26ce 2705 270a-270b 2728 274c 274e 2753-2755 2795-2797 27b0 27bf e50a "
    "fe0f 1f0cf 1f18e 1f191-1f19a 1f1e6-1f1ff 1f201 1f232-1f236 1f238-1f23a 1f250-1f251 1f300-1f320 "
    "1f32d-1f335 1f337-1f37c 1f37e-1f393 1f3a0-1f3ca 1f3cf-1f3d3 1f3e0-1f3f0 1f3f4 1f3f8-1f43e 1f440 "
    "1f442-1f4fc 1f4ff-1f53d 1f54b-1f54e 1f550-1f567 1f57a 1f595-1f596 1f5a4 1f5fb-1f64f 1f680-1f6c5 "
    "1f6cc 1f6d0-1f6d2 1f6eb-1f6ec 1f6f4-1f6f9 1f910-1f93a 1f93c-1f93e 1f940-1f945 1f947-1f970 "
    "1f973-1f976 1f97a 1f97c-1f9a2 1f9b4-1f9b9 1f9c0-1f9c2 1f9d0-1f9ff"
)
_TONED = (
    "270a-270b 1f385 1f3c2-1f3c4 1f3c7 1f3ca 1f442-1f443 1f446-1f450 1f466-1f469 1f46e 1f470-1f478 "
    "1f47c 1f481-1f483 1f485-1f487 1f4aa 1f57a 1f595-1f596 1f645-1f647 1f64b-1f64f 1f6a3 1f6b4-1f6b6 "
    "1f6c0 1f6cc 1f918-1f91c 1f91e-1f91f 1f926 1f930-1f939 1f93d-1f93e 1f9b5-1f9b6 1f9b8-1f9b9 "
    "1f9d1-1f9dd"
)
_TONED_AFTER_VARIANT = "261d 26f7 26f9 270c-270d 1f3cb-1f3cc 1f574-1f575 1f590"
_WITH_VARIANT = "a9 ae 2122 265f"
_FLAG_LETTERS = (
    "acdefgilmoqrstuwxz babdefghijlmnoqrstvwyz cacdfghiklmnopruvwxyz degjkmoz eaceghrstu fijkmor "
    "gabdefghilmnpqrstuwy hkmnrtu icdelmnoqrst jemop keghimnprwyz labcikrstuvy "
    "macdefghklmnopqrstuvwxyz nacefgilopruz om paefghklmnrstwy qa reosuw sabcdeghijklmnorstvxyz "
    "tacdfghjklmnortvwz uagmnsyz vaceginu wfs xk yet zamw"
)

_MAN, _WOMAN, _GIRL, _BOY = "\U0001f468", "\U0001f469", "\U0001f467", "\U0001f466"
_TRADES = (
    "[\u2695\u2696\u2708]\ufe0f|[\U0001f33e\U0001f373\U0001f393\U0001f3a4\U0001f3a8\U0001f3eb\U0001f3ed\U0001f4bb"
    "\U0001f4bc\U0001f527\U0001f52c\U0001f680\U0001f692\U0001f9b0-\U0001f9b3]"
)
_ACTIVE = (  # with a tone or without, and then a sign for man or woman
    "1f3c3-1f3c4 1f3ca 1f46e 1f471 1f473 1f477 1f481-1f482 1f486-1f487 1f645-1f647 1f64b 1f64d-1f64e 1f6a3 "
    "1f6b4-1f6b6 1f926 1f935 1f937-1f939 1f93d-1f93e 1f9b8-1f9b9 1f9d6-1f9dd"
)
_CHILDREN = f"{_BOY}\u200d{_BOY}|{_GIRL}\u200d[{_GIRL}{_BOY}]|[{_GIRL}{_BOY}]"
_JOINED = (
    f"[{_MAN}{_WOMAN}]{_TONE}?\u200d(?:{_TRADES})",
    f"[\u26f9\U0001f3cb\U0001f3cc\U0001f574\U0001f575](?:{_TONE}|\ufe0f)\u200d[\u2640\u2642]\ufe0f",
    f"{{active}}{_TONE}?\u200d[\u2640\u2642]\ufe0f",
    "[\U0001f46f\U0001f93c\U0001f9de\U0001f9df]\u200d[\u2640\u2642]\ufe0f",
    (
        f"(?:{_WOMAN}\u200d\u2764\ufe0f\u200d(?:\U0001f48b\u200d)?[{_MAN}{_WOMAN}]"
        f"|{_MAN}\u200d\u2764\ufe0f\u200d(?:\U0001f48b\u200d)?{_MAN})"
    ),
    f"(?:{_MAN}(?:\u200d[{_MAN}{_WOMAN}])?|{_WOMAN}(?:\u200d{_WOMAN})?)\u200d(?:{_CHILDREN})",
    "\U0001f3f3\ufe0f\u200d\U0001f308|\U0001f3f4\u200d\u2620\ufe0f|\U0001f441\u200d\U0001f5e8",
    # England, Scotland, Wales
    (
        "\U0001f3f4\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074"
        "|\U000e0077\U000e006c\U000e0073)\U000e007f"
    ),
)


@functools.cache
def emoji_pattern() -> Any:  # noqa: ANN401 - regex ships no types
    """A pattern for each emoji of today, however many code points it has.

    A character that is text unless U+FE0F follows, such as the copyright sign, is an emoji only with it
    or joined to another.
    """
    base = r"[\p{Emoji}--[0-9#*\p{RI}]]"
    tags = "[\U000e0020-\U000e007e]+\U000e007f"
    one = rf"(?:{base}(?:\ufe0f{_TONE}?|{_TONE})|\p{{Emoji_Presentation}})(?:{tags})?"
    joined = rf"(?:\u200d(?:{one}|{base}))"
    return regex.compile(rf"\p{{RI}}\p{{RI}}|{_KEYCAP}|{one}{joined}*|{base}{joined}+", regex.VERSION1)


@functools.cache
def library_emoji_pattern() -> Any:  # noqa: ANN401
    """A pattern for what npm twitter-text 3.1.0 takes for one emoji; U+FE0F alone is one, too."""
    flags = "|".join(
        f"{_indicator(one[0])}[{''.join(map(_indicator, one[1:]))}]" for one in _FLAG_LETTERS.split()
    )
    ways = (
        *(way.replace("{active}", _char_class(_ACTIVE)) for way in _JOINED),
        flags,
        _KEYCAP,
        rf"{_char_class(_TONED_AFTER_VARIANT)}\ufe0f?{_TONE}|{_char_class(_TONED)}{_TONE}",
        rf"{_char_class(_WITH_VARIANT)}\ufe0f|{_char_class(_WITH_OR_WITHOUT_VARIANT)}(?:\ufe0f|(?!\ufe0e))",
        _char_class(_WITHOUT_VARIANT),
    )
    return regex.compile("|".join(ways))


def _char_class(ranges: str) -> str:
    """`23e9-23ec 23f0` as a class of characters."""
    bounds = (one.partition("-") for one in ranges.split())
    return "[" + "".join(f"{chr(int(low, 16))}-{chr(int(high or low, 16))}" for low, _, high in bounds) + "]"


def _indicator(letter: str) -> str:
    return chr(ord(letter) - ord("a") + 0x1F1E6)
