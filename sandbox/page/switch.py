"""One fault that a visitor can switch on, and how a network's list of faults becomes switches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Switch:
    """One fault. With `once` it switches itself off when it has happened."""

    name: str
    where: str
    label: str
    hint: str
    turn: Callable[[bool], None]
    is_on: Callable[[], bool]
    once: bool = False


class ActiveFault(Protocol):
    """A fault that is on."""

    endpoint: str
    kind: Any


class NetworkFaults(Protocol):
    """The faults of a local network."""

    @property
    def active(self) -> Sequence[ActiveFault]: ...

    def add(self, endpoint: str, kind: Any, *, times: int | None = None, seconds: float = 60) -> Any: ...  # noqa: ANN401 - each network has kinds of its own

    def clear(self, endpoint: str | None = None, kind: Any = None) -> None: ...  # noqa: ANN401


@dataclass(frozen=True, slots=True)
class NetworkFault:
    """A fault of a local network, as its switch shows it. `once`: it happens one time."""

    name: str
    label: str
    hint: str
    endpoint: str
    kind: str
    once: bool = False
    seconds: float = 60

    def switch(self, where: str, faults: NetworkFaults) -> Switch:
        """Return the switch that adds it to `faults`, in the group `where`."""

        def is_on() -> bool:
            return any(one.endpoint == self.endpoint and one.kind == self.kind for one in faults.active)

        def turn(on: bool) -> None:
            faults.clear(self.endpoint, self.kind)
            if on:
                faults.add(self.endpoint, self.kind, times=1 if self.once else None, seconds=self.seconds)

        return Switch(self.name, where, self.label, self.hint, turn, is_on, self.once)
