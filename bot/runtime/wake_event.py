"""What wakes the loops."""

from threading import Event


class WakeEvent:
    """Wakes every loop that listens to it. Each has an ear of its own, so that none sleeps through a ring."""

    def __init__(self) -> None:
        self._events = [Event()]

    def subscribe(self) -> Event:
        """An event that is set by each ring; whoever asked for it clears it."""
        event = Event()
        self._events.append(event)
        return event

    def set(self) -> None:
        """Ring."""
        for ear in self._events:
            ear.set()

    def clear(self) -> None:
        """Take a ring back, from those who have not woken up yet."""
        for ear in self._events:
            ear.clear()

    def is_set(self) -> bool:
        """Whether it rang since it was last cleared."""
        return self._events[0].is_set()
