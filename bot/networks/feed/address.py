"""The address of a feed: read as a person typed it, and shown without the secrets in it."""


class AddressRefusedError(Exception):
    """Heard does not read that address; the message is a sentence for the person who gave it."""


def normalise_address(typed: str) -> str:
    """Return the http(s) address that `typed` names, secrets and all, in one spelling.

    Raises `AddressRefusedError` if it is none that Heard may read.
    """
    raise NotImplementedError


def hidden_address(address: str) -> str:
    """Return `address` for people and logs: values in the query, user info and random path parts as `…`."""
    raise NotImplementedError


def secrets_of(address: str) -> list[str]:
    """Return what of `address` the log must hide, in each spelling that it may turn up in."""
    raise NotImplementedError
