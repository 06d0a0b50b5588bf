"""How people write somebody's handle, by network: @ana mostly, but dang on Hacker News. Pure.

`Network` in `bot/networks/base.py` passes on what each network's class says; any other handle has an @.
"""

_signs: dict[str, str] = {}


def set_sign(network: str, sign: str) -> None:
    """Say what stands in front of handles on `network`; empty: nothing."""
    _signs[network] = sign


def write_handle(handle: str, network: str | None) -> str:
    """Return `handle` as people write it on `network`; None: with an @."""
    return f"{_signs.get(network or '', '@')}{handle}"
