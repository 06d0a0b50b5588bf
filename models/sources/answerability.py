"""Why a post cannot be answered through its network's API, as the ledger keeps it: one text. Pure.

Either a person may still reply by hand in the network's app, or nobody can reply there at all.
"""

_IMPOSSIBLE_PREFIX = "impossible: "


def mark_impossible(reason: str) -> str:
    """Returns the text for a post that takes no reply from us, by hand either."""
    return _IMPOSSIBLE_PREFIX + reason


def by_hand_reason(stored: str | None) -> str | None:
    """Returns why only a person can reply, by hand; None if the API can, or nobody."""
    return None if impossible_reason(stored) is not None else stored


def impossible_reason(stored: str | None) -> str | None:
    """Returns why nobody can reply; None if somebody can."""
    if stored is None or not stored.startswith(_IMPOSSIBLE_PREFIX):
        return None
    return stored.removeprefix(_IMPOSSIBLE_PREFIX)
