"""A problem that several people report, and whom to tell once it is mended."""

import unicodedata
from datetime import datetime

import regex  # the Unicode properties that `re` lacks
from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Key, RuleBrokenError, add_if_absent
from models.event import Event
from models.mention import Mention
from models.ticket import Ticket

TITLE_MAX = 150  # characters, what one line of a list has room for
REASON_MAX = 200
# Does not tell two titles apart: blanks, punctuation, and what nobody sees.
_IDLE = regex.compile(r"[\s\p{P}\p{Z}\p{C}\p{Default_Ignorable_Code_Point}]+")


def name_of(title: str) -> str:
    """What tells this title from others: no case, blanks or punctuation; empty if nothing is to be seen."""
    whole = unicodedata.normalize("NFKC", title).casefold()
    bare: str = _IDLE.sub("", whole)
    return bare or regex.sub(r"[\s\p{Z}\p{C}\p{Default_Ignorable_Code_Point}]+", "", whole)


class Issue(Base):
    """What people suffer from, in the team's words. It is open until somebody says that it is fixed.

    `name` is the title without what does not tell two titles apart, so that each problem has one issue.
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

    @classmethod
    def open_or_find(cls, session: Session, title: str, *, by: str, at: datetime) -> "Issue":
        """The issue of that title; a new one unless somebody has it, even if they type it at this moment."""
        shown = " ".join(title.split())
        if len(shown) > TITLE_MAX:
            raise RuleBrokenError(
                f"An issue's title has at most {TITLE_MAX} characters, and that one has {len(shown):,}. "
                "Say it shorter."
            )
        name = name_of(shown)
        if not name:
            raise RuleBrokenError("An issue needs a title that one can see, such as “Export loses rows”.")
        if add_if_absent(session, cls, title=shown, name=name, created_at=at, created_by=by):
            issue = session.scalars(select(cls).where(cls.name == name)).one()
            Event.record(session, "issue opened", at=at, by=by, text=shown, data={"issue": issue.id})
            return issue
        return session.scalars(select(cls).where(cls.name == name)).one()

    @classmethod
    def hold(cls, session: Session, issue_id: int) -> "Issue":
        """That issue, as it is now, and nobody else's to mark until the transaction ends.

        A ticket can still be added meanwhile: that only points at it.
        """
        query = select(cls).where(cls.id == issue_id).with_for_update(key_share=True)
        found = session.scalar(query.execution_options(populate_existing=True))
        if found is None:
            raise RuleBrokenError("I do not know that issue. `/mentions issues` lists them.")
        return found

    @classmethod
    def of(cls, session: Session, ticket_id: int) -> "list[Issue]":
        """What that ticket is about, in the order in which somebody said so."""
        query = select(cls).join(Report, Report.issue_id == cls.id).where(Report.ticket_id == ticket_id)
        return list(session.scalars(query.order_by(Report.id)))

    @property
    def is_fixed(self) -> bool:
        """Whether somebody said that it is mended."""
        return self.fixed_at is not None

    # --- what belongs to it -----------------------------------------------------------------------------

    def add(self, session: Session, ticket: Ticket, *, by: str, at: datetime) -> "Report | None":
        """That `ticket` is about this; None if that is known, and they have not come back since the fix.

        The report `is_again` if its author wrote after the issue was said to be fixed.
        """
        here = select(Report).where(Report.issue_id == self.id, Report.ticket_id == ticket.id)
        again = self.fixed_at is not None and _last_said(session, ticket) > self.fixed_at
        new = add_if_absent(session, Report, issue_id=self.id, ticket_id=ticket.id, at=at, by=by)
        report = session.scalars(here.with_for_update()).one()
        if not new:
            if not again or report.at > (self.fixed_at or at):
                return None
            report.at, report.by = at, by
            report.settle_anew()
        report.is_again = again
        self._log(session, "report again" if again else "add to issue", ticket, by=by, at=at)
        return report

    def remove(self, session: Session, ticket: Ticket, *, by: str, at: datetime) -> bool:
        """That `ticket` is not about this after all; False if it was not said to be."""
        here = delete(Report).where(Report.issue_id == self.id, Report.ticket_id == ticket.id)
        if session.scalar(here.returning(Report.id)) is None:
            return False
        self._log(session, "remove from issue", ticket, by=by, at=at)
        return True

    def _log(self, session: Session, act: str, ticket: Ticket, *, by: str, at: datetime) -> None:
        ticket.revision += 1
        data = {"issue": self.id, "title": self.title}
        Event.record(session, act, at=at, by=by, ticket_id=ticket.id, data=data)

    # --- mended, and not ----------------------------------------------------------------------------------

    def fix(self, session: Session, *, by: str, at: datetime) -> None:
        """It is mended: everybody who reported it is to be told, whatever they were told before."""
        if self.fixed_at is not None:
            raise RuleBrokenError(f"<@{self.fixed_by}> has marked this one as fixed already.")
        self.fixed_at, self.fixed_by = at, by
        self._redraw(session)
        anew = {"told_at": None, "skipped_at": None, "skip_reason": None, "settled_by": None}
        session.execute(update(Report).where(Report.issue_id == self.id).values(**anew))
        Event.record(session, "issue fixed", at=at, by=by, text=self.title, data={"issue": self.id})

    def reopen(self, session: Session, *, by: str, at: datetime) -> None:
        """It is not mended after all."""
        if self.fixed_at is None:
            raise RuleBrokenError("This issue is open already.")
        self.fixed_at = self.fixed_by = None
        self._redraw(session)
        Event.record(session, "issue reopened", at=at, by=by, text=self.title, data={"issue": self.id})

    def _redraw(self, session: Session) -> None:
        """Have the cards of its tickets show it."""
        session.flush()
        rising = update(Ticket).where(Ticket.id.in_(self.hold_tickets(session)))
        rising = rising.values(revision=Ticket.revision + 1)
        session.execute(rising.execution_options(synchronize_session=False))

    def hold_tickets(self, session: Session) -> list[int]:
        """Its tickets, held before its reports and in one order, so that nobody waits for each other."""
        about = select(Report.ticket_id).where(Report.issue_id == self.id)
        held = select(Ticket.id).where(Ticket.id.in_(about)).order_by(Ticket.id).with_for_update()
        return list(session.scalars(held))

    def skip(self, session: Session, author_id: int, *, reason: str, by: str, at: datetime) -> bool:
        """Nobody has to tell that person, because of `reason`; False if they were told or skipped already."""
        if self.fixed_at is None:
            raise RuleBrokenError("This issue is open again, so there is nobody to tell yet.")
        said = " ".join(reason.split())
        if not name_of(said):
            raise RuleBrokenError("Say in a few words why they need not be told.")
        self.hold_tickets(session)
        theirs = select(Ticket.id).where(Ticket.author_id == author_id)
        query = select(Report).where(Report.issue_id == self.id, Report.ticket_id.in_(theirs))
        open_ones = [one for one in session.scalars(query.order_by(Report.id)).all() if not one.is_settled]
        skipped = [one.skip(session, self, reason=said, by=by, at=at) for one in open_ones]
        return any(skipped)


class Report(Base):
    """That a ticket is about an issue; and, once it is fixed, what became of telling its author.

    Each is told (`told_at`: a reply to them went out since the fix) or skipped, with a reason; `settled_by`
    is who did either.
    """

    __tablename__ = "reports"
    __table_args__ = (UniqueConstraint("issue_id", "ticket_id"), Index(None, "ticket_id"))

    id: Mapped[Key]
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    at: Mapped[datetime]
    by: Mapped[str]
    told_at: Mapped[datetime | None]
    skipped_at: Mapped[datetime | None]
    skip_reason: Mapped[str | None]
    settled_by: Mapped[str | None]

    is_again = False  # of a report just added: they came with it after the fix

    @property
    def is_settled(self) -> bool:
        """Whether its author was told, or need not be."""
        return self.told_at is not None or self.skipped_at is not None

    def told(
        self, session: Session, issue: Issue, *, by: str, at: datetime, reply_id: int, now: datetime
    ) -> bool:
        """`by` told them, by a reply that is public since `at`. False if somebody noted that already."""
        values = {"told_at": at, "settled_by": by, "skipped_at": None, "skip_reason": None}
        if not self._change(session, Report.told_at.is_(None), **values):
            return False
        data = {"issue": issue.id, "title": issue.title}
        Event.record(session, "told", at=now, by=by, ticket_id=self.ticket_id, reply_id=reply_id, data=data)
        return True

    def untold(self, session: Session, issue: Issue, *, at: datetime) -> bool:
        """What they were told is not public any more."""
        if not self._change(session, Report.told_at.is_not(None), told_at=None, settled_by=None):
            return False
        data = {"issue": issue.id, "title": issue.title}
        Event.record(session, "not told after all", at=at, ticket_id=self.ticket_id, data=data)
        return True

    def skip(self, session: Session, issue: Issue, *, reason: str, by: str, at: datetime) -> bool:
        """They need not be told, because of `reason`. False if they were told or skipped already."""
        values = {"skipped_at": at, "skip_reason": reason, "settled_by": by}
        if not self._change(session, Report.told_at.is_(None) & Report.skipped_at.is_(None), **values):
            return False
        data = {"issue": issue.id, "title": issue.title, "reason": reason}
        Event.record(session, "skip telling", at=at, by=by, ticket_id=self.ticket_id, data=data)
        return True

    def settle_anew(self) -> None:
        """They are to be told once more."""
        self.told_at = self.skipped_at = self.skip_reason = self.settled_by = None

    def _change(self, session: Session, if_so: ColumnElement[bool], **values: object) -> bool:
        """Set `values` unless somebody was faster."""
        here = update(Report).where(Report.id == self.id, if_so).values(**values).returning(Report.id)
        done = session.scalar(here.execution_options(synchronize_session=False)) is not None
        session.refresh(self)
        return done


def _last_said(session: Session, ticket: Ticket) -> datetime:
    """When its author last spoke."""
    query = select(func.max(Mention.posted_at)).where(Mention.ticket_id == ticket.id)
    return session.scalar(query) or ticket.opened_at
