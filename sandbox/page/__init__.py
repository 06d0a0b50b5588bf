"""The page that shows the local Slack, the local X and what is going on between them."""

from sandbox.page.app import create_app
from sandbox.page.bulletin import Bulletin
from sandbox.page.stage import BotControl, Drip, Ledger, Stage
from sandbox.page.switches import OUR_TOKEN

__all__ = ["OUR_TOKEN", "BotControl", "Bulletin", "Drip", "Ledger", "Stage", "create_app"]
