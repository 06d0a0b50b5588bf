"""What wakes the loops."""

from threading import Event


class WakeEvent:
    """Wakes every loop that subscribed. Each has an event of its own, so that none misses it."""

    def __init__(self) -> None:
        self._events = [Event()]

    def subscribe(self) -> Event:
        """A new event that every `set` sets; its subscriber clears it."""
        event = Event()
        self._events.append(event)
        return event

    def set(self) -> None:
        """Wake all subscribers."""
        for event in self._events:
            event.set()

    def clear(self) -> None:
        """Clear it, also for subscribers that have not woken up yet."""
        for event in self._events:
            event.clear()

    def is_set(self) -> bool:
        """Whether it was set since it was last cleared."""
        return self._events[0].is_set()
