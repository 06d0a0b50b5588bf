"""The part of X's query language that searches for a brand use.

Words (all of them), "phrases", @handles, #tags, OR, parentheses, a leading minus, and the operators below.
https://docs.x.com/x-api/posts/search/integrate/operators
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.x.state.posts import User, XPost

MAX_QUERY = 512  # self-serve
TOKEN = re.compile(
    r'\s*(?P<minus>-?)(?:(?P<open>\()|(?P<close>\))|"(?P<phrase>[^"]*)"'
    r'|(?P<operator>[a-z_]+):"(?P<value>[^"]*)"|(?P<word>[^\s()"]+))'
)
WORD = re.compile(r"(?<![@\w])\w+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A post with its author, as queries see it."""

    post: XPost
    author: User

    @property
    def text(self) -> str:
        return self.post.full_text.lower()

    def names(self, handle: str) -> bool:
        return any(s.facts["username"].lower() == handle for s in self.post.composed.of("mentions"))

    def tagged(self, kind: str, tag: str) -> bool:
        return any(span.facts["tag"].lower() == tag for span in self.post.composed.of(kind))


Matcher = Callable[[Candidate], bool]


class QueryError(ValueError):
    """X refuses a query; the text says why."""


def parse(query: str) -> Matcher:
    """Return a function that says whether a post matches. Raises QueryError."""
    if not query.strip() or len(query) > MAX_QUERY:
        raise QueryError(f"Query must be between 1 and {MAX_QUERY} characters")
    tokens = list(TOKEN.finditer(query.rstrip()))
    if "".join(token[0] for token in tokens) != query.rstrip():
        raise QueryError("missing closing quote")
    matcher = _either(tokens)
    if tokens:
        raise QueryError("mismatched ')'")
    return matcher


def _either(tokens: list[re.Match[str]]) -> Matcher:
    options = [_all(tokens)]
    while tokens and tokens[0]["word"] == "OR":
        tokens.pop(0)
        options.append(_all(tokens))
    return lambda candidate: any(option(candidate) for option in options)


def _all(tokens: list[re.Match[str]]) -> Matcher:
    terms: list[Matcher] = []
    while tokens and not tokens[0]["close"] and tokens[0]["word"] != "OR":
        terms.append(_term(tokens))
    if not terms:
        raise QueryError("a term is missing")
    return lambda candidate: all(term(candidate) for term in terms)


def _term(tokens: list[re.Match[str]]) -> Matcher:
    token = tokens.pop(0)
    if token["open"]:
        matcher = _either(tokens)
        if not tokens or not tokens.pop(0)["close"]:
            raise QueryError("missing ')'")
    else:
        matcher = _simple(token)
    return (lambda candidate: not matcher(candidate)) if token["minus"] else matcher


def _simple(token: re.Match[str]) -> Matcher:
    if token["operator"] is not None:
        return _operator(token["operator"], token["value"].lower())
    return _phrase(token["phrase"]) if token["phrase"] is not None else _word(token["word"])


def _phrase(phrase: str) -> Matcher:
    wanted = re.compile(rf"(?<!\w){re.escape(phrase.lower())}(?!\w)")
    return lambda candidate: bool(wanted.search(candidate.text))


def _word(word: str) -> Matcher:
    word = word.lower()
    operator, colon, value = word.partition(":")
    if colon and operator.isidentifier():
        return _operator(operator, value)
    if word[0] in "@#$":
        rest = word[1:]
        if word[0] == "@":
            return lambda candidate: candidate.names(rest)
        kind = "hashtags" if word[0] == "#" else "cashtags"
        return lambda candidate: candidate.tagged(kind, rest)
    wanted = set(WORD.findall(word))
    return lambda candidate: wanted <= set(WORD.findall(candidate.text))


def _operator(operator: str, value: str) -> Matcher:
    handle = value.removeprefix("@")
    known: dict[str, Matcher] = {
        "from": lambda c: handle in {c.author.handle.lower(), c.author.id},
        "url": lambda c: any(
            value in span.facts["expanded_url"].lower() for span in c.post.composed.of("urls")
        ),
        "lang": lambda c: c.post.lang == value,
        "conversation_id": lambda c: c.post.conversation_id == value,
        "in_reply_to_tweet_id": lambda c: c.post.reply_to == value,
        "quotes_of_tweet_id": lambda c: c.post.quotes == value,
        "is:retweet": lambda c: c.post.repost_of is not None,
        "is:reply": lambda c: c.post.reply_to is not None,
        "is:quote": lambda c: c.post.quotes is not None,
        "has:links": lambda c: bool(c.post.composed.of("urls")),
        "has:mentions": lambda c: bool(c.post.composed.of("mentions")),
        "has:media": lambda c: bool(c.post.media),
    }
    matcher = known.get(operator) or known.get(f"{operator}:{value}")
    if matcher is None:
        raise QueryError(f"Reference to invalid operator '{operator}'")
    return matcher
