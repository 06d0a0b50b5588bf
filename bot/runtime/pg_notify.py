"""Waking up on what other processes write: PostgreSQL tells by NOTIFY, from triggers of the schema.

https://www.postgresql.org/docs/current/sql-notify.html. A lost notice costs a tick of the loops, not the
work.
"""

import logging
import threading
from typing import Any

from sqlalchemy import Connection, text

from bot.context import BotContext

log = logging.getLogger(__name__)

NOTIFY_CHANNEL = "heard"  # as in the triggers
STOP_CHECK_SECONDS = 1.0  # seconds between two looks at whether to stop
RECONNECT_DELAY_SECONDS = 2.0  # seconds until a broken connection is tried again


class PgListener:
    """A thread that rings the bells of this process when the ledger says so."""

    def __init__(self, ctx: BotContext) -> None:
        self._desk = ctx
        self._wake_events = {"outbox": ctx.outbox_wake, "board": ctx.cards_wake}
        self.thread = threading.Thread(target=self._listen, name="ear", daemon=True)

    def _listen(self) -> None:
        while not self._desk.stop.is_set():
            try:
                with self._desk.db.engine.connect() as connection:
                    self._wake_loops_while_connected(
                        connection.execution_options(isolation_level="AUTOCOMMIT")
                    )
            except Exception as error:  # noqa: BLE001 - whatever it is, the loops look by themselves meanwhile
                log.warning("cannot hear what others write (%s); trying again", type(error).__name__)
            self._desk.stop.wait(RECONNECT_DELAY_SECONDS)

    def _wake_loops_while_connected(self, connection: Connection) -> None:
        """Ring the bells as long as the connection holds."""
        driver: Any = connection.connection.driver_connection
        connection.detach()  # nobody else shall get a connection that listens
        connection.execute(text(f"LISTEN {NOTIFY_CHANNEL}"))
        self._desk.wake_loops()  # for what was written before we listened
        while not self._desk.stop.is_set():
            for notice in driver.notifies(timeout=STOP_CHECK_SECONDS):
                bell = self._wake_events.get(notice.payload)
                if bell is not None:
                    bell.set()
                if self._desk.stop.is_set():
                    return
