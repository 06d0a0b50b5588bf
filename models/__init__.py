"""What the bot remembers, and the rules for changing it. No wire, no clock, no Slack."""

from models import word_index  # noqa: F401 - it listens to what is written
from models.account import Account
from models.alarm import Alarm
from models.author import Author, FormerHandle
from models.base import Base
from models.budget import Budget
from models.card import Card
from models.credential import Credential
from models.cursor import Cursor
from models.daily import Daily, Tally
from models.event import Event
from models.gap import Gap
from models.home import Home
from models.inbound import Inbound
from models.issue import Issue, Report
from models.lease import Lease
from models.mark import Mark
from models.mention import Mention, Quarantined
from models.note import Note
from models.notice import Notice
from models.pause import Pause
from models.reply import Reply
from models.shown import Shown
from models.teammate import Teammate
from models.ticket import Ticket
from models.turn import Turn

__all__ = [
    "Account",
    "Alarm",
    "Author",
    "Base",
    "Budget",
    "Card",
    "Credential",
    "Cursor",
    "Daily",
    "Event",
    "FormerHandle",
    "Gap",
    "Home",
    "Inbound",
    "Issue",
    "Lease",
    "Mark",
    "Mention",
    "Note",
    "Notice",
    "Pause",
    "Quarantined",
    "Reply",
    "Report",
    "Shown",
    "Tally",
    "Teammate",
    "Ticket",
    "Turn",
]
