"""What planning a search reads: thousands of tracks may wait for their turn."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event, select

from bot.ingest import track_search
from models import Cursor, Track
from models.sources import track_rules
from models.sources.track_rules import TrackDraft
from sandbox.x import XServer
from tests.bot.room import ANA, Room


@contextmanager
def loads_of(table: type) -> Iterator[list[int]]:
    """The ids of the rows of `table` that are read as a whole in the body."""
    found: list[int] = []

    def note(row: Cursor | Track, _context: object) -> None:
        found.append(row.id)

    event.listen(table, "load", note)
    yield found
    event.remove(table, "load", note)


def test_only_tracks_that_are_due_are_read_as_a_whole(on_x: Room, x: XServer) -> None:
    on_x.poll()
    with on_x.ctx.db.write() as session:
        for number in range(20):
            track_rules.add(session, TrackDraft("search", "x", f"kettle{number}"), at=on_x.clock(), by=ANA)
    for _ in range(5):
        track_search.search_tracks(on_x.ctx, on_x.network)
    with on_x.ctx.db.write() as session:
        [due] = session.scalars(select(Track).where(Track.query == "kettle7"))
        [cursor] = session.scalars(select(Cursor).where(Cursor.name == due.cursor_name))
        cursor.read_at = on_x.clock.now.replace(hour=11)
    x.world.post("maria", "kettle7 drips")

    with loads_of(Track) as tracks, loads_of(Cursor) as cursors:
        track_search.search_tracks(on_x.ctx, on_x.network)

    assert on_x.texts() == ["kettle7 drips"]
    assert set(cursors) == {cursor.id}
    assert len(set(tracks)) == 2  # that one, and the mentions
