"""The methods of the Web API, one family per file."""

from sandbox.slack.web_api.methods import app, chat, conversations, files, users, views
from sandbox.slack.web_api.methods.registry import METHODS, Method

__all__ = ["METHODS", "Method", "app", "chat", "conversations", "files", "users", "views"]
