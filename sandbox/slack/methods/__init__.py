"""The Web API, one family of methods a file."""

from sandbox.slack.methods import chat, conversations, files, people, views, workspace
from sandbox.slack.methods.registry import METHODS, Method

__all__ = ["METHODS", "Method", "chat", "conversations", "files", "people", "views", "workspace"]
