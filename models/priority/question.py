"""Whether a post asks something, in whatever script. Pure.

A question mark counts wherever it stands, except in an address. Without one, a sentence counts that begins as
questions do ("how do I", "¿" needs no mark at the end), or that ends as they do in Chinese, Japanese and
Korean, where many people write no mark.
"""

import regex  # the Unicode properties that `re` lacks

from models.core.fold import fold_words
from models.priority.cues import what_is_said

# Latin and its forms, Arabic, Armenian, Ethiopic, Limbu, Coptic, Vai, Bamum, Chakma, and the two emoji.
_MARKS = (
    "?\u00bf\u203d\u2047\u2048\u2049\u2e2e\ufe16\ufe56\uff1f\u061f\u055e\u1367\u1945\u2cfa\u2cfb\ua60f\ua6f7"
    "\U00011143\u2753\u2754"
)
_MARK = regex.compile(f"[{regex.escape(_MARKS)}]")
# The Greek question mark is a semicolon to Unicode (U+037E is U+003B in NFC), so it is one only behind Greek.
_GREEK_MARK = regex.compile(r"\p{Greek}[;\u037e](?!\w)|\u037e")
_SENTENCE_ENDS = regex.compile(r"[.!\n\u2026\u3002\uff01\uff0e;]+")
_SENTENCES_MAX = 40
_OPENING_MAX_WORDS = 3


def _phrases(text: str) -> frozenset[tuple[str, ...]]:
    """The phrases of `text`, which are separated by bars, in folded words."""
    return frozenset(tuple(fold_words(phrase)) for phrase in text.split("|"))


_GREETINGS = _phrases("hi|hey|hello|so|and|but|ok|please|hallo|hola|bonjour|salut|oi|ola|und|aber|y|et|e")

# Two words where one alone begins many a statement ("when I opened it", "what a day").
_OPENINGS = _phrases(
    """
    how do|how can|how could|how would|how should|how does|how did|how is|how are|how long|how many|
    how much|how often|how to|how come|why is|why are|why do|why does|why did|why can't|why can|why not|
    why won't|why isn't|why doesn't|why has|why have|why would|why was|what is|what's|what are|what do|
    what does|what did|what happened|what kind|what about|what time|when is|when are|when will|when do|
    when does|when can|where is|where are|where do|where does|where can|where did|who is|who can|who do|
    which one|which is|which are|can i|can you|can we|can someone|can anyone|can anybody|could you|
    could someone|could i|would you|will you|will there|is there|is it|is this|is that|is anyone|
    is anybody|are there|are you|are these|do you|do i|do we|does it|does anyone|does anybody|
    does this|did you|did anyone|has anyone|has anybody|have you|am i|should i|any idea|any news|
    any update|any chance|anyone know|anybody know|anyone else|
    wie kann|wie geht|wie lange|wie viel|wie oft|wie mache|wie bekomme|warum|wieso|weshalb|wann|
    wo ist|wo finde|wo kann|wo gibt|wer kann|wer weiß|was ist|was kostet|was mache|was passiert|
    welche|welcher|welches|kann ich|kann man|kann mir|könnt ihr|können sie|gibt es|habt ihr|haben sie|
    ist es|ist das|weiß jemand|hat jemand|
    cómo puedo|cómo se|cómo hago|por qué|cuándo|cuánto|cuánta|cuántos|cuál|cuáles|dónde|quién|
    qué pasa|qué es|qué hago|alguien sabe|se puede|hay alguna|hay algún|puedo|pueden|
    comment faire|comment puis|comment on|comment ça|pourquoi|quand est|combien|où est|où puis|
    où trouver|qui peut|quel est|quelle est|est ce que|qu'est ce|y a t|pouvez vous|peut on|
    quelqu'un sait|
    como faço|como posso|como eu|como se|por que|porque não|quando é|quando vai|quanto custa|
    quanto é|qual é|quais são|onde está|onde posso|onde fica|quem pode|alguém sabe|tem como|dá para
    """
)
_FIRST_WORDS = frozenset(one[0] for one in _OPENINGS if one)
_ENDINGS = (
    "ですか",
    "ますか",
    "でしょうか",
    "ませんか",
    "のか",
    "吗",
    "嗎",
    "呢",
    "나요",
    "까요",
    "습니까",
    "은가요",
)


def is_question(text: str) -> bool:
    """Whether `text` asks something."""
    bare = what_is_said(text)
    if "?" in bare:
        return True
    if not bare.isascii() and (_MARK.search(bare) is not None or _GREEK_MARK.search(bare) is not None):
        return True
    return any(_asks(sentence) for sentence in _SENTENCE_ENDS.split(bare, _SENTENCES_MAX))


def _asks(sentence: str) -> bool:
    stripped = sentence.strip()
    if not stripped:
        return False
    if not stripped.isascii() and stripped.endswith(_ENDINGS):
        return True
    words = fold_words(" ".join(stripped.split(maxsplit=8)[:8]))
    while words and (words[0],) in _GREETINGS:
        del words[0]
    if not words or words[0] not in _FIRST_WORDS:
        return False
    return any(tuple(words[:length]) in _OPENINGS for length in range(1, _OPENING_MAX_WORDS + 1))
