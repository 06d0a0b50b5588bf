"""The stage of the contract suite, around the reference servers: new people for each test."""

import itertools
import os
from datetime import UTC, datetime

import pytest
import requests
from pydantic import SecretStr

from bot.networks.bluesky.client import BlueskyNetwork
from bot.networks.bluesky.settings import BlueskySettings
from bot.networks.values import Position
from tests.bot.networks.stages import LIMITS, BlueskyStage

POST = "app.bsky.feed.post"
_numbers = itertools.count(os.getpid() * 1000)


class Person:
    """Somebody with an account of their own, who acts over HTTP."""

    def __init__(self, pds: str, handle: str) -> None:
        self.pds, self.handle, self.password = pds, handle, f"password of {handle}"
        made = self._call(
            "POST", "server.createAccount", handle=handle, email=f"{handle}@x.test", password=self.password
        )
        self.did, self.token = made["did"], made["accessJwt"]

    def write(self, collection, record, rkey=None):
        return self.act(
            "repo.putRecord" if rkey else "repo.createRecord",
            repo=self.did,
            collection=collection,
            record={"$type": collection, **record},
            **({"rkey": rkey} if rkey else {}),
        )

    def act(self, method, **body):
        return self._call("POST", method, token=self.token, **body)

    def read(self, method, **params):
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.get(f"{self.pds}/xrpc/{method}", params=params, headers=headers, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def _call(self, verb, method, token=None, **body):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        address = f"{self.pds}/xrpc/com.atproto.{method}"
        answer = requests.request(verb, address, json=body or None, headers=headers, timeout=30)
        assert answer.ok, answer.text
        return answer.json() if answer.content else {}


class RealBluesky(BlueskyStage):
    """The reference PDS and AppView. Before each reading the AppView has time to index."""

    def __init__(self, pds: str, control: str) -> None:
        self.pds, self.control = pds, control
        self.number = next(_numbers)
        self.people: dict[str, Person] = {}
        self.network = self._sign_in("acmebrew")
        self.us = self.network.account().id
        self.start = Position(datetime.now(UTC).isoformat())

    def full_handle(self, handle):
        return f"{handle}{self.number}.test"

    def did(self, handle):
        return self._user(handle).did

    def says(self, handle, text, under=None):
        return self.posts(handle, text, **({"reply_to": under} if under else {}))

    def posts(self, handle, text, *, reply_to=None, created_at=None, **more):
        moment = (created_at or datetime.now(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        record = {"text": text, "createdAt": moment, **more}
        record.setdefault("facets", self._mentions(text))
        if reply_to:
            parent = self._reference(reply_to)
            root = self.record(reply_to).get("reply", {}).get("root", parent)
            record["reply"] = {"root": root, "parent": parent}
        return self._user(handle).write(POST, record)["uri"]

    def answers(self, handle, text, under, **more):
        return self.posts(handle, text, reply_to=under, **more)

    def edits(self, post_id, text):
        record = {**self.record(post_id), "text": text, "facets": self._mentions(text)}
        self._author(post_id).write(POST, record, rkey=post_id.rpartition("/")[2])

    def deletes(self, post_id):
        collection, rkey = post_id.split("/")[3:]
        author = self._author(post_id)
        author.act("repo.deleteRecord", repo=author.did, collection=collection, rkey=rkey)

    def reposts(self, handle, post_id):
        record = {"subject": self._reference(post_id), "createdAt": "2026-01-01T00:00:00Z"}
        self._user(handle).write("app.bsky.feed.repost", record)

    def replies_to(self, post_id):
        own = self._own_records("acmebrew")
        return [one["text"] for one in own if one.get("reply", {}).get("parent", {}).get("uri") == post_id]

    def said_by(self, handle):
        return [one["text"] for one in self._own_records(handle)]

    def trouble(self, kind, *, writing):
        pytest.skip("the reference servers have no switch for faults")

    def gates(self, post_id):
        rkey, now = post_id.rpartition("/")[2], datetime.now(UTC).isoformat()
        record = {"post": post_id, "allow": [], "createdAt": now}
        self._author(post_id).write("app.bsky.feed.threadgate", record, rkey=rkey)

    def blocks(self, handle):
        record = {"subject": self.us, "createdAt": datetime.now(UTC).isoformat()}
        self._blocks = self._user(handle).write("app.bsky.graph.block", record)["uri"]

    def unblocks(self, handle):
        self.deletes(self._blocks)

    def deactivates(self, handle):
        self._user(handle).act("server.deactivateAccount", deleteAfter="2099-01-01T00:00:00Z")

    def reactivates(self, handle):
        self._user(handle).act("server.activateAccount")

    def record(self, post_id):
        return self._get_record(post_id)["value"]

    def shown_under(self, post_id, viewer):
        self._index()
        thread = self._user(viewer).read("app.bsky.feed.getPostThread", uri=post_id)["thread"]
        return [reply["post"]["record"]["text"] for reply in thread["replies"]]

    def _reference(self, post_id):
        return {"uri": post_id, "cid": self._get_record(post_id)["cid"]}

    def _get_record(self, post_id):
        repo, collection, rkey = post_id.split("/")[2:]
        method = "com.atproto.repo.getRecord"
        return self._user("acmebrew").read(method, repo=repo, collection=collection, rkey=rkey)

    def _own_records(self, handle):
        person = self._user(handle)
        rows = person.read(
            "com.atproto.repo.listRecords", repo=person.did, collection=POST, limit=100, reverse="true"
        )
        return [row["value"] for row in rows["records"]]

    def _author(self, post_id):
        did = post_id.split("/")[2]
        return next(person for person in self.people.values() if person.did == did)

    def _user(self, handle):
        if handle not in self.people:
            self.people[handle] = Person(self.pds, self.full_handle(handle))
        return self.people[handle]

    def _sign_in(self, handle):
        person = self._user(handle)
        password = SecretStr(
            person.act("server.createAppPassword", name=f"heard{next(_numbers)}")["password"]
        )
        keys = BlueskySettings(_env_file=None, url=self.pds, handle=person.handle, app_password=password)
        network = BlueskyNetwork(keys, LIMITS)
        caller = network._caller
        query = caller.query

        def query_when_indexed(method, params, account_id):
            if method.startswith("app."):
                self._index()
            return query(method, params, account_id)

        caller.query = query_when_indexed
        return network

    def _index(self):
        assert requests.get(self.control, timeout=60).ok
