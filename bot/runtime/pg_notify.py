"""Waking up on what other processes write: PostgreSQL tells by NOTIFY, from triggers of the schema.

https://www.postgresql.org/docs/current/sql-notify.html. A lost notification costs the loops a short wait,
not the work.
"""

import logging
import threading
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from bot.runtime.wake_event import WakeEvent
from models.core.database import Database

log = logging.getLogger(__name__)

NOTIFY_CHANNEL = "heard"  # as in the triggers
STOP_CHECK_SECONDS = 1.0  # seconds between two looks at whether to stop
RECONNECT_DELAY_SECONDS = 2.0  # seconds until a broken connection is tried again


class PgListener:
    """A thread that sets `wake_events` of this process, by the payload of what the ledger notifies.

    It ends once `stop` is set.
    """

    def __init__(
        self, database: Database, stop: threading.Event, wake_events: Mapping[str, WakeEvent]
    ) -> None:
        self._database, self._stop, self._wake_events = database, stop, wake_events
        self.thread = threading.Thread(target=self._listen, name="pg notify", daemon=True)

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                with self._database.engine.connect() as connection:
                    self._wake_loops_while_connected(
                        connection.execution_options(isolation_level="AUTOCOMMIT")
                    )
            except Exception as error:  # noqa: BLE001 - whatever it is, the loops look by themselves meanwhile
                log.warning(
                    "cannot receive notifications from other processes (%s); trying again",
                    type(error).__name__,
                )
            self._stop.wait(RECONNECT_DELAY_SECONDS)

    def _wake_loops_while_connected(self, connection: Connection) -> None:
        """Set the events as long as the connection holds."""
        driver: Any = connection.connection.driver_connection
        connection.detach()  # nobody else must get a connection that listens
        connection.execute(text(f"LISTEN {NOTIFY_CHANNEL}"))
        for every in self._wake_events.values():  # for what was written before we listened
            every.set()
        while not self._stop.is_set():
            for notice in driver.notifies(timeout=STOP_CHECK_SECONDS):
                event = self._wake_events.get(notice.payload)
                if event is not None:
                    event.set()
                if self._stop.is_set():
                    return
