"""Board: a network that anybody may read and where nobody signs in. One file with a post on each line."""

import json
from datetime import datetime
from pathlib import Path

from pydantic_settings import SettingsConfigDict

from bot.networks.base import PublicNetwork
from bot.networks.registry import NetworkSettings, Registration, register
from bot.networks.values import AuthorProfile, Position, Post, PostPage


class BoardSettings(NetworkSettings):
    model_config = SettingsConfigDict(env_prefix="BOARD_")
    file: Path = Path("board.jsonl")


class Board(PublicNetwork):
    name, title = "board", "Board"

    def __init__(self, settings):
        self.file = settings.file

    @classmethod
    def search_text(cls, wanted):
        return "everything"  # Heard's own matcher decides

    def search(self, query, after, *, account_id, before=None):
        rows = [json.loads(line) for line in self.file.read_text().splitlines()]
        known = int(after.removeprefix("line ")) if after.startswith("line ") else 0
        posts = [self.read(row, n) for n, row in enumerate(rows) if n >= known]
        yield PostPage(tuple(reversed(posts)), position=Position(f"line {len(rows)}"))

    def read(self, row, number):
        at, url = datetime.fromisoformat(row["at"]), self.post_link(row["id"], row["author"])
        return Post(
            "board", row["id"], row["id"], row["id"], row["author"], row["text"], at, url,
            order_key=f"{number:09}",
        )  # fmt: skip

    def people(self, ids):
        return tuple(AuthorProfile(one, one, one.title()) for one in ids)

    def post_link(self, post_id, handle):
        return f"https://board.example/{post_id}"


register(Registration(Board, BoardSettings, lambda settings, open_tokens: Board(settings)))
