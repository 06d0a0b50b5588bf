"""Yarn: a board that is one file, with a post on each line. Its ids are UUIDs, which do not sort."""

import json
import logging
import uuid
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from bot.networks.base import Network, Publisher
from bot.networks.registry import NetworkSettings, Registration, register
from bot.networks.values import (
    AccountIdentity,
    AuthorProfile,
    Position,
    Post,
    PostPage,
    PublishedReply,
)

log = logging.getLogger("yarn")
ME = AccountIdentity("yarn", "did:yarn:acme", "acmebrew", "Acme Brew")


class YarnSettings(NetworkSettings):
    model_config = SettingsConfigDict(env_prefix="YARN_")
    file: Path | None = None
    token: SecretStr | None = None


class Yarn(Network, Publisher):
    name, title, max_length = "yarn", "Yarn", 200

    def __init__(self, settings):
        self.file, self.token = settings.file, settings.token.get_secret_value()

    def account(self):
        log.warning("signing in with %s", self.token)
        return ME

    def mentions(self, after, *, account_id):
        rows = [json.loads(line) for line in self.file.read_text().splitlines()]
        known = int(after.removeprefix("line ")) if after.startswith("line ") else 0
        posts = [self.read(row, n) for n, row in enumerate(rows) if n >= known and "@acmebrew" in row["text"]]
        yield PostPage(tuple(reversed(posts)), position=Position(f"line {len(rows)}"))

    def read(self, row, number):
        at = datetime.fromisoformat(row["at"])
        url = self.post_link(row["id"], row["author"])
        who = f"did:yarn:{row['author']}"
        order = f"{number:09}"
        return Post("yarn", row["id"], row["id"], row["id"], who, row["text"], at, url, order_key=order)

    def people(self, ids):
        return tuple(AuthorProfile(one, one.split(":")[2], one.split(":")[2].title()) for one in ids)

    def publish(self, text, to, key, *, account_id, frozen=""):
        made, at = f"yarn://{uuid.uuid4()}", datetime.now(UTC).isoformat()
        row = {"id": made, "author": "acmebrew", "text": text, "under": to.post_id, "at": at}
        with self.file.open("a") as board:
            board.write(json.dumps(row) + "\n")
        return PublishedReply(made, self.post_link(made, "acmebrew"))

    def find_reply(self, to, text, since, *, account_id, frozen=""):
        rows = [json.loads(line) for line in self.file.read_text().splitlines()]
        ours = (row["id"] for row in rows if row.get("under") == to.post_id and text in {None, row["text"]})
        return next((PublishedReply(one, self.post_link(one, "acmebrew")) for one in ours), None)

    def post_link(self, post_id, handle):
        return f"https://yarn.example/{post_id.rpartition('/')[2]}"


register(Registration(Yarn, YarnSettings, lambda settings, open_tokens: Yarn(settings)))
