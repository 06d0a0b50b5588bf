"""The ledger: what the bot stores, and the rules for changing it.

Models call no network and no Slack, and read no clock: times and the acting person are arguments. They do
know how Slack writes: the errors that a rule raises (`RuleBrokenError`) are sentences in mrkdwn for the
person who acted, people and channels are Slack ids, and `models.slack` stores Slack's blocks and emoji names.
"""

from models.core.audit_event import Event
from models.core.base import Base
from models.core.lease import Lease
from models.core.rate_limit import RateLimit
from models.issues.issue import Issue, IssueReport
from models.reports.daily_stats import DailyStats, RollupProgress
from models.slack.alarm import Alarm
from models.slack.card import Card
from models.slack.channel_settings import ChannelSettings
from models.slack.home_tab import HomeTab
from models.slack.note import Note
from models.slack.notice import Notice
from models.slack.processed_request import ProcessedRequest
from models.slack.reaction import Reaction
from models.slack.shared_answer import SharedAnswer
from models.slack.teammate import Teammate
from models.slack.ticket_group import GroupClosing, TicketGroup
from models.sources.account import Account
from models.sources.account_stream import AccountStream
from models.sources.also_heard import AlsoHeard
from models.sources.author import Author, FormerHandle
from models.sources.cost import BilledResource, DailyCost
from models.sources.credential import Credential
from models.sources.cursor import Cursor
from models.sources.customer import Customer, CustomerList
from models.sources.distinct_authors import DistinctAuthors
from models.sources.feed import Feed
from models.sources.gap import Gap
from models.sources.left_out import LeftOutPost
from models.sources.mention import Mention, QuarantinedPost
from models.sources.mute import Mute
from models.sources.track import Track
from models.tickets import word_index  # noqa: F401 - registers its listeners
from models.tickets.pause import Pause
from models.tickets.pictures.reply_picture import ReplyPicture
from models.tickets.reply import Reply
from models.tickets.ticket import Ticket
from models.tickets.turn import Turn

__all__ = [
    "Account",
    "AccountStream",
    "Alarm",
    "AlsoHeard",
    "Author",
    "Base",
    "BilledResource",
    "Card",
    "ChannelSettings",
    "Credential",
    "Cursor",
    "Customer",
    "CustomerList",
    "DailyCost",
    "DailyStats",
    "DistinctAuthors",
    "Event",
    "Feed",
    "FormerHandle",
    "Gap",
    "GroupClosing",
    "HomeTab",
    "Issue",
    "IssueReport",
    "Lease",
    "LeftOutPost",
    "Mention",
    "Mute",
    "Note",
    "Notice",
    "Pause",
    "ProcessedRequest",
    "QuarantinedPost",
    "RateLimit",
    "Reaction",
    "Reply",
    "ReplyPicture",
    "RollupProgress",
    "SharedAnswer",
    "Teammate",
    "Ticket",
    "TicketGroup",
    "Track",
    "Turn",
]
