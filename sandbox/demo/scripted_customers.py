"""New customers who post during the demo, one after the other, until all have posted."""

import threading

from sandbox.demo.local_networks import LocalNetworks
from sandbox.demo.story import load_story

FIRST_POST_SECONDS, POST_INTERVAL_SECONDS = 40.0, 55.0


class ScriptedCustomers:
    """A thread that lets the new customers of the story post; `running = False` pauses it."""

    def __init__(self, networks: LocalNetworks, *, running: bool = True) -> None:
        self.running = running
        self._networks = networks
        self._posts = load_story().new_customers.posts
        self._posted = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="customers", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._over.set()

    @property
    def left(self) -> int:
        """How many customers have not posted yet."""
        return len(self._posts) - self._posted

    def next(self) -> bool:
        """Let the next customer post now; False if all have posted."""
        with self._lock:
            if self._posted == len(self._posts):
                return False
            one = self._posts[self._posted]
            self._posted += 1
        self._networks.add(one)
        self._networks.post(one, one.text, warning=one.warning, title=one.title)
        return True

    def _run(self) -> None:
        wait = FIRST_POST_SECONDS
        while not self._over.wait(wait):
            wait = POST_INTERVAL_SECONDS
            if self.running and not self.next():
                return
