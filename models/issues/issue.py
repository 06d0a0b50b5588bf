"""A problem that several people report, and whom to tell once it is fixed."""

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.audit_event import Event
from models.core.base import Base, BigKey, Key, RuleBrokenError, add_if_absent
from models.core.mrkdwn import escape_mrkdwn
from models.issues.title import check_title, title_key
from models.sources.mention import Mention
from models.tickets.ticket import Ticket

REASON_MAX_CHARS = 200


class Issue(Base):
    """A problem in the team's words. It is open until someone marks it as fixed.

    `name` is the key of the title, so that each problem has one issue. An issue that was merged has no
    reports any more: its id and name only lead to the one that remains (`merged_into`).
    """

    __tablename__ = "issues"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[Key]
    title: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    fixed_at: Mapped[datetime | None]
    fixed_by: Mapped[str | None]
    # No foreign key, which SQLite takes only when a table is made; and no issue is ever deleted.
    merged_into: Mapped[int | None] = mapped_column(BigKey)

    @classmethod
    def open_or_find(cls, session: Session, title: str, *, by: str, at: datetime) -> "Issue":
        """Returns the issue with that title; creates it if there is none, even if two people do so at once.

        The title of a merged issue means the issue that remains. Raises `RuleBrokenError` for an unusable
        title.
        """
        shown, name = check_title(title)
        if add_if_absent(session, cls, title=shown, name=name, created_at=at, created_by=by):
            issue = session.scalars(select(cls).where(cls.name == name)).one()
            Event.record(session, "issue opened", at=at, by=by, text=shown, data={"issue": issue.id})
            return issue
        found = session.scalars(select(cls).where(cls.name == name)).one()
        return (
            found
            if found.merged_into is None
            else session.get_one(cls, cls.resolve_merged(session, found.id))
        )

    @classmethod
    def resolve_merged(cls, session: Session, issue_id: int) -> int:
        """Returns the id of the issue that remains of `issue_id` after all merges; itself if never merged.

        Raises `RuleBrokenError` if there is no such issue.
        """
        query = select(cls.id, cls.merged_into)
        here = session.execute(query.where(cls.id == issue_id)).one_or_none()
        while here is not None and here.merged_into is not None:
            here = session.execute(query.where(cls.id == here.merged_into)).one_or_none()
        if here is None:
            raise RuleBrokenError("I don't know that issue. `/mentions issues` lists them.")
        return int(here.id)

    @classmethod
    def lock(cls, session: Session, issue_id: int) -> "Issue":
        """Returns the issue that remains of `issue_id`, locked until the transaction ends.

        A ticket can still be added meanwhile. Raises `RuleBrokenError` if there is no such issue.
        """
        return cls._remaining(session, issue_id)

    @classmethod
    def lock_shared(cls, session: Session, issue_id: int) -> "Issue":
        """Returns the issue that remains of `issue_id`; it cannot be merged until the transaction ends.

        For adding a ticket that the caller has locked. Raises `RuleBrokenError` if there is no such issue.
        """
        return cls._remaining(session, issue_id, read=True)

    @classmethod
    def _remaining(cls, session: Session, issue_id: int, *, read: bool = False) -> "Issue":
        while True:
            # One that waited here for a merge to finish gets no row, rather than a lock on a merged issue.
            query = select(cls).where(
                cls.id == cls.resolve_merged(session, issue_id), cls.merged_into.is_(None)
            )
            query = query.with_for_update(key_share=True, read=read)
            found = session.scalar(query.execution_options(populate_existing=True))
            if found is not None:
                return found

    @classmethod
    def of(cls, session: Session, ticket_id: int) -> "list[Issue]":
        """Returns the issues of that ticket, in the order in which it was added to them."""
        query = (
            select(cls)
            .join(IssueReport, IssueReport.issue_id == cls.id)
            .where(IssueReport.ticket_id == ticket_id)
        )
        return list(session.scalars(query.order_by(IssueReport.id)))

    @property
    def is_fixed(self) -> bool:
        """Whether it is marked as fixed."""
        return self.fixed_at is not None

    # --- its title ----------------------------------------------------------------------------------------

    def rename(self, session: Session, title: str, *, by: str, at: datetime) -> None:
        """Set the title. Another issue's title is refused, except of one that was merged into this one.

        Raises `RuleBrokenError` if the title is unusable, unchanged or taken.
        """
        shown, name = check_title(title)
        old = self.title
        if shown == old:
            raise RuleBrokenError("It already has that title, so nothing was changed.")
        # Lock tickets before the name changes: one who adds a ticket holds it, and then waits for the issue.
        self.lock_tickets(session)
        try:
            with session.begin_nested():
                if name != self.name:
                    self._take_name(session, name)
                self.title = shown
                session.flush()
        except IntegrityError:  # another issue took the name at this moment
            raise RuleBrokenError("Someone just gave another issue that title. Please check again.") from None
        self.redraw_cards(session)
        data = {"issue": self.id, "title": shown, "from": old}
        Event.record(session, "issue renamed", at=at, by=by, text=shown, data=data)

    def _take_name(self, session: Session, name: str) -> None:
        """Take `name`.

        If an issue merged into this one has it, that one gets the old name, which leads here too.
        """
        namesake = session.scalar(select(Issue).where(Issue.name == name))
        if namesake is None:
            self.name = name
            return
        remaining = session.get_one(Issue, Issue.resolve_merged(session, namesake.id))
        if remaining is not self:
            also = "" if remaining is namesake else f", as a part of “{escape_mrkdwn(remaining.title)}”"
            raise RuleBrokenError(
                f"There is an issue “{escape_mrkdwn(namesake.title)}” already{also}. "
                f"If this is the same, pick “{escape_mrkdwn(remaining.title)}” below to merge the two."
            )
        old_title, old_name = self.title, self.name
        self.name = f" {self.id}"  # a temporary name that no title has: names have no blanks
        session.flush()
        namesake.title, namesake.name = old_title, old_name
        session.flush()
        self.name = name

    # --- what belongs to it -----------------------------------------------------------------------------

    def add(self, session: Session, ticket: Ticket, *, by: str, at: datetime) -> "IssueReport | None":
        """Add `ticket`.

        Returns None if it was added before and its author has not posted again since the fix.
        `is_reported_again` of the report is set if the author posted after the issue was fixed.
        """
        here = select(IssueReport).where(IssueReport.issue_id == self.id, IssueReport.ticket_id == ticket.id)
        again = self.fixed_at is not None and _last_posted_at(session, ticket) > self.fixed_at
        new = add_if_absent(session, IssueReport, issue_id=self.id, ticket_id=ticket.id, at=at, by=by)
        report = session.scalars(here.with_for_update()).one()
        if not new:
            if not again or report.at > (self.fixed_at or at):
                return None
            report.at, report.by = at, by
            report.reset_settlement()
        report.is_reported_again = again
        self._log(session, "report again" if again else "add to issue", ticket, by=by, at=at)
        return report

    def remove(self, session: Session, ticket: Ticket, *, by: str, at: datetime) -> bool:
        """Remove `ticket`. Returns False if it was not added."""
        here = delete(IssueReport).where(IssueReport.issue_id == self.id, IssueReport.ticket_id == ticket.id)
        if session.scalar(here.returning(IssueReport.id)) is None:
            return False
        self._log(session, "remove from issue", ticket, by=by, at=at)
        return True

    def _log(self, session: Session, act: str, ticket: Ticket, *, by: str, at: datetime) -> None:
        ticket.revision += 1
        data = {"issue": self.id, "title": self.title}
        Event.record(session, act, at=at, by=by, ticket_id=ticket.id, data=data)

    # --- fixed or open ------------------------------------------------------------------------------------

    def fix(self, session: Session, *, by: str, at: datetime) -> None:
        """Mark it as fixed: everyone who reported it is to be told, whatever they were told before.

        Raises `RuleBrokenError` if it is fixed already.
        """
        if self.fixed_at is not None:
            raise RuleBrokenError(f"<@{self.fixed_by}> has already marked this issue as fixed.")
        self.fixed_at, self.fixed_by = at, by
        self.redraw_cards(session)
        cleared = dict.fromkeys(("told_at", "told_since", "skipped_at", "skip_reason", "settled_by"))
        session.execute(update(IssueReport).where(IssueReport.issue_id == self.id).values(**cleared))
        Event.record(session, "issue fixed", at=at, by=by, text=self.title, data={"issue": self.id})

    def reopen(self, session: Session, *, by: str, at: datetime) -> None:
        """Mark it as not fixed. Raises `RuleBrokenError` if it is open."""
        if self.fixed_at is None:
            raise RuleBrokenError("This issue is already open.")
        self.fixed_at = self.fixed_by = None
        self.redraw_cards(session)
        Event.record(session, "issue reopened", at=at, by=by, text=self.title, data={"issue": self.id})

    def redraw_cards(self, session: Session) -> None:
        """Have the cards of its tickets redrawn."""
        Ticket.redraw_all(session, Ticket.id.in_(self.lock_tickets(session)))

    def lock_tickets(self, session: Session) -> list[int]:
        """Lock its tickets, and return their ids."""
        return self.lock_tickets_of(session, self)

    @staticmethod
    def lock_tickets_of(session: Session, *issues: "Issue") -> list[int]:
        """Lock the tickets of `issues`, and return their ids.

        Tickets are locked before reports and in one order, so that no two transactions wait for each other.
        """
        about = select(IssueReport.ticket_id).where(IssueReport.issue_id.in_([one.id for one in issues]))
        return Ticket.lock_all(session, Ticket.id.in_(about))

    def skip(self, session: Session, author_id: int, *, reason: str, by: str, at: datetime) -> bool:
        """Note that nobody has to tell that author, because of `reason`.

        Returns False if they were told or skipped already. Raises `RuleBrokenError` if the issue is open or
        the reason is empty.
        """
        if self.fixed_at is None:
            raise RuleBrokenError("This issue is open again, so there is no one to tell yet.")
        reason = " ".join(reason.split())
        if not title_key(reason):
            raise RuleBrokenError("Say in a few words why they don't need to be told.")
        self.lock_tickets(session)
        theirs = select(Ticket.id).where(Ticket.author_id == author_id)
        query = select(IssueReport).where(IssueReport.issue_id == self.id, IssueReport.ticket_id.in_(theirs))
        open_ones = [
            one for one in session.scalars(query.order_by(IssueReport.id)).all() if not one.is_settled
        ]
        skipped = [one.skip(session, self, reason=reason, by=by, at=at) for one in open_ones]
        return any(skipped)


class IssueReport(Base):
    """Says that a ticket is about an issue and, once that is fixed, whether its author was told.

    An author is told (`told_at`: a reply to them was published after the fix) or skipped for a reason;
    `settled_by` is who did either. `told_since` is set where another moment than the fix counts: the ticket
    came with an issue that was merged into this one, see `models/issues/merge.py`.
    """

    __tablename__ = "reports"
    __table_args__ = (UniqueConstraint("issue_id", "ticket_id"), Index(None, "ticket_id"))

    id: Mapped[Key]
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    at: Mapped[datetime]
    by: Mapped[str]
    told_at: Mapped[datetime | None]
    told_since: Mapped[datetime | None]
    skipped_at: Mapped[datetime | None]
    skip_reason: Mapped[str | None]
    settled_by: Mapped[str | None]

    is_reported_again = False  # of a report just added: the author posted after the fix

    @property
    def is_settled(self) -> bool:
        """Whether its author was told, or need not be."""
        return self.told_at is not None or self.skipped_at is not None

    def mark_told(
        self, session: Session, issue: Issue, *, by: str, at: datetime, reply_id: int, now: datetime
    ) -> bool:
        """Record that `by` told them with a reply that is public since `at`.

        Returns False if that is known.
        """
        values = {"told_at": at, "settled_by": by, "skipped_at": None, "skip_reason": None}
        if not self._change(session, IssueReport.told_at.is_(None), **values):
            return False
        data = {"issue": issue.id, "title": issue.title}
        Event.record(session, "told", at=now, by=by, ticket_id=self.ticket_id, reply_id=reply_id, data=data)
        return True

    def unmark_told(self, session: Session, issue: Issue, *, at: datetime) -> bool:
        """Record that the reply that told them is not public any more.

        Returns False if they were not told.
        """
        if not self._change(session, IssueReport.told_at.is_not(None), told_at=None, settled_by=None):
            return False
        data = {"issue": issue.id, "title": issue.title}
        Event.record(session, "not told after all", at=at, ticket_id=self.ticket_id, data=data)
        return True

    def skip(self, session: Session, issue: Issue, *, reason: str, by: str, at: datetime) -> bool:
        """Record that they need not be told, because of `reason`.

        Returns False if they were told or skipped.
        """
        values = {"skipped_at": at, "skip_reason": reason, "settled_by": by}
        if not self._change(
            session, IssueReport.told_at.is_(None) & IssueReport.skipped_at.is_(None), **values
        ):
            return False
        data = {"issue": issue.id, "title": issue.title, "reason": reason}
        Event.record(session, "skip telling", at=at, by=by, ticket_id=self.ticket_id, data=data)
        return True

    def reset_settlement(self) -> None:
        """Clear who was told or skipped: they are to be told again."""
        self.told_at = self.skipped_at = self.skip_reason = self.settled_by = None

    def _change(self, session: Session, if_so: ColumnElement[bool], **values: object) -> bool:
        """Set `values` if `if_so` still holds in the database. Returns whether it did."""
        here = (
            update(IssueReport)
            .where(IssueReport.id == self.id, if_so)
            .values(**values)
            .returning(IssueReport.id)
        )
        done = session.scalar(here.execution_options(synchronize_session=False)) is not None
        session.refresh(self)
        return done


def _last_posted_at(session: Session, ticket: Ticket) -> datetime:
    """When the ticket's author last posted."""
    query = select(func.max(Mention.posted_at)).where(Mention.ticket_id == ticket.id)
    return session.scalar(query) or ticket.opened_at
