"""Slack, as seen from the bot: few calls, and for each failure the one thing that matters about it.

The SDK repeats a call whose connection broke, and so posts twice; each retry of its own is switched off.
https://github.com/slackapi/python-slack-sdk/blob/main/slack_sdk/http_retry/builtin_handlers.py
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from slack_sdk import WebClient

from bot.slack.blocks.replies.pictures import without_images
from bot.slack.errors import SlackRefusedError, SlackUnsureError, header_value
from bot.slack.web_api import files as file_calls
from bot.slack.web_api.call import make_call
from bot.slack.web_api.files import FILES_SCOPE, FileInfo

METADATA_EVENT_TYPE = "heard"
_MEMBERS_PER_PAGE, _MEMBERS_MAX_PAGES = 999, 20
_HISTORY_MAX_PAGES = 25  # 5,000 messages: more than any channel gets in the minutes that are looked through


def is_direct_message(channel: str) -> bool:
    """Whether a message to `channel` goes to one person directly, whose id it is.

    https://docs.slack.dev/reference/methods/chat.postMessage#channels
    """
    return channel.startswith(("U", "W"))


class Posted(NamedTuple):
    """Where Slack has a message: of a direct message `channel` is the conversation, not the person."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in Slack, and the workspace's address."""

    user_id: str
    bot_id: str
    team_id: str
    url: str
    enterprise_id: str = ""  # of an Enterprise Grid organisation, which has several workspaces


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as Slack knows them: `is_foreign` means of another organisation, met by Slack Connect.

    https://docs.slack.dev/reference/objects/user-object
    """

    name: str
    real_name: str
    tz: str  # an IANA name, such as Europe/Lisbon; empty if Slack does not say
    is_guest: bool
    is_foreign: bool
    is_bot: bool
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """A channel: `is_shared` means with another organisation, or about to be; `is_member`, that we are in it.

    `is_private`: only who is in it sees it, and it is listed nowhere.

    https://docs.slack.dev/reference/objects/conversation-object
    """

    is_shared: bool
    is_archived: bool
    is_member: bool = True
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What Slack says of our token; `scopes` is empty where it does not say, `date` is its HTTP date."""

    name: str
    team: str
    scopes: frozenset[str]
    date: str | None


class SlackClient:
    """Calls to Slack's Web API. Timeouts are in seconds.

    `patience` multiplies them: 1, and more in tests on a busy machine.
    """

    def __init__(self, token: str, base_url: str, *, patience: int = 1) -> None:
        self.client = _client(token, base_url, 8 * patience)
        self._quick = _client(token, base_url, 2 * patience)
        self._identity: Identity | None = None
        self._token, self._base_url = token, base_url
        self._scopes: frozenset[str] | None = None

    def identity(self) -> Identity:
        """Who we are; asked until it is known, then remembered."""
        if self._identity is None:
            answer, _ = self._ask_who_we_are()
            self._identity = Identity(
                user_id=answer.get("user_id") or "",
                bot_id=answer.get("bot_id") or "",
                team_id=answer.get("team_id") or "",
                url=answer.get("url") or "",
                enterprise_id=answer.get("enterprise_id") or "",
            )
        return self._identity

    def identity_if_known(self) -> Identity | None:
        """Who we are, without asking."""
        return self._identity

    @property
    def workspace(self) -> str:
        """The workspace's address, which links to messages begin with; empty while it is not known."""
        return self._identity.url if self._identity is not None else ""

    def token_info(self) -> TokenInfo:
        """Who we are, what we may do, and what time it is at Slack's."""
        answer, headers = self._ask_who_we_are()
        name, team = str(answer.get("user") or ""), str(answer.get("team") or "")
        return TokenInfo(name, team, self._scopes or frozenset(), headers.get("date"))

    def _ask_who_we_are(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Call `auth.test`; the headers say what our token may do."""
        headers: dict[str, str] = {}

        def ask() -> Any:  # noqa: ANN401 - SDK's response
            response = self._quick.auth_test()
            headers.update({key.lower(): header_value(value) for key, value in response.headers.items()})
            return response

        answer = make_call(ask)
        scopes = {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",")} - {""}
        self._scopes = frozenset(scopes) or None
        return answer, headers

    @property
    def may_read_files(self) -> bool:
        """Whether our token may read files, as far as Slack has said."""
        return self._scopes is None or FILES_SCOPE in self._scopes

    def file_info(self, file_id: str) -> FileInfo:
        """Return what Slack knows of a file. `SlackRefusedError` keeps its name: `missing_scope`."""
        return file_calls.get_info(self._quick, file_id)

    def download(self, url: str, max_bytes: int) -> bytes:
        """Return the bytes of a file of this workspace. Raises `SlackUnsureError` if they did not arrive."""
        return file_calls.download(url, self._token, self._base_url, max_bytes)

    def profile(self, user: str) -> Profile:
        """Who `user` is. `SlackRefusedError` keeps Slack's name for it, such as `user_not_found`."""
        ours = self.identity()
        told = make_call(lambda: self._quick.users_info(user=user)).get("user") or {}
        return Profile(
            name=str(told.get("name") or ""),
            real_name=str(told.get("real_name") or ""),
            tz=str(told.get("tz") or ""),
            is_guest=bool(told.get("is_restricted") or told.get("is_ultra_restricted")),
            is_foreign=_is_foreign(told, ours),
            is_bot=bool(told.get("is_bot")),
            is_deleted=bool(told.get("deleted")),
        )

    def channel(self, channel: str) -> ChannelInfo:
        """What kind of channel `channel` is. `SlackRefusedError` keeps Slack's name: `channel_not_found`.

        Sharing among the workspaces of one organisation (`is_org_shared`) lets nobody in from outside.
        """
        told = make_call(lambda: self._quick.conversations_info(channel=channel)).get("channel") or {}
        return ChannelInfo(
            is_shared=bool(told.get("is_ext_shared") or told.get("is_pending_ext_shared")),
            is_archived=bool(told.get("is_archived")),
            is_member=bool(told.get("is_member", True)),
            is_private=told.get("is_private") is True,
        )

    def group(self, group: str) -> frozenset[str]:
        """Who is in a user group. `SlackRefusedError` keeps Slack's name, such as `plan_upgrade_required`."""
        return frozenset(
            make_call(lambda: self._quick.usergroups_users_list(usergroup=group)).get("users") or []
        )

    def members(self, channel: str) -> frozenset[str]:
        """Who is in `channel`, guests and people of other organisations included.

        `SlackRefusedError` keeps Slack's name, such as `channel_not_found`.
        https://docs.slack.dev/reference/methods/conversations.members
        """
        found, cursor = set[str](), None
        for _ in range(_MEMBERS_MAX_PAGES):
            ask = {"channel": channel, "limit": _MEMBERS_PER_PAGE, "cursor": cursor}
            answer = make_call(lambda ask=ask: self._quick.conversations_members(**ask))  # type: ignore[misc]
            found.update(answer.get("members") or [])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
        return frozenset(found)

    def check_readable(self, channel: str) -> None:
        """Raise unless we may read `channel`, and so are in it; reading one message changes nothing."""
        make_call(lambda: self._quick.conversations_history(channel=channel, limit=1))

    def check_socket_mode(self, app_token: str) -> None:
        """Raise unless Slack would let us connect by Socket Mode."""
        make_call(lambda: self._quick.apps_connections_open(app_token=app_token))

    def post(
        self,
        channel: str,
        text: str,
        blocks: list[dict[str, Any]] | None,
        *,
        key: str,
        thread_ts: str | None = None,
    ) -> Posted:
        """Post a message and return its place; `key` goes into its metadata, so that it can be found again.

        Raises `SlackUnsureError` if Slack did not confirm it, another `SlackError` if it was not posted.
        """
        answer = make_call(
            lambda: self.client.chat_postMessage(
                channel=channel,
                text=text,
                blocks=blocks,
                thread_ts=thread_ts,
                metadata={"event_type": METADATA_EVENT_TYPE, "event_payload": {"card_id": key}},
                unfurl_links=False,
                unfurl_media=False,
                link_names=False,
                parse="none",
            ),
        )
        ts = answer.get("ts")
        if not ts:
            raise SlackUnsureError("Slack accepted a message but did not return its timestamp")
        return Posted(str(answer.get("channel") or channel), str(ts))

    def update(self, channel: str, ts: str, text: str, blocks: list[dict[str, Any]], *, key: str) -> None:
        """Redraw a message in place. Without blocks Slack would delete them, so they always go along."""
        make_call(
            lambda: self.client.chat_update(
                channel=channel,
                ts=ts,
                text=text,
                blocks=blocks,
                metadata={"event_type": METADATA_EVENT_TYPE, "event_payload": {"card_id": key}},
                link_names=False,
                parse="none",
            ),
        )

    def delete(self, channel: str, ts: str) -> None:
        """Take a message away."""
        make_call(lambda: self.client.chat_delete(channel=channel, ts=ts))

    def react(self, channel: str, ts: str, emoji: str) -> None:
        """Put our `emoji` (Slack's name for it) on a message."""
        make_call(lambda: self.client.reactions_add(channel=channel, timestamp=ts, name=emoji))

    def unreact(self, channel: str, ts: str, emoji: str) -> None:
        """Take our `emoji` off again."""
        make_call(lambda: self.client.reactions_remove(channel=channel, timestamp=ts, name=emoji))

    def find(
        self,
        channel: str,
        key: str,
        *,
        since: float,
        thread_ts: str | None = None,
        between: Callable[[], object] = lambda: None,
    ) -> list[str]:
        """Find the messages since `since` (Unix seconds) that carry `key`, oldest first.

        A busy channel has many pages; `between` is called after each.
        """
        found = []
        for page in self._history(channel, since, thread_ts):
            for message in page:
                payload = (message.get("metadata") or {}).get("event_payload") or {}
                if payload.get("card_id") == key:
                    found.append(str(message["ts"]))
            between()
        return sorted(found, key=float)

    def _history(self, channel: str, since: float, thread_ts: str | None) -> Iterator[list[dict[str, Any]]]:
        cursor = None
        for _ in range(_HISTORY_MAX_PAGES):
            ask: dict[str, Any] = {
                "channel": channel,
                "oldest": f"{since:.6f}",
                "include_all_metadata": True,
                "limit": 200,
                "cursor": cursor,
            }
            answer = make_call(lambda ask=ask: self._read_history(ask, thread_ts))  # type: ignore[misc]
            yield answer.get("messages") or []
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    def _read_history(self, ask: dict[str, Any], thread_ts: str | None) -> Any:  # noqa: ANN401 - SDK's response
        if thread_ts is None:
            return self.client.conversations_history(**ask)
        return self.client.conversations_replies(ts=thread_ts, **ask)

    def open_view(self, trigger_id: str, view: dict[str, Any]) -> str:
        """Open a modal and give its id: the trigger lives three seconds, so this call has two."""
        answer = _show(
            view, lambda shown: make_call(lambda: self._quick.views_open(trigger_id=trigger_id, view=shown))
        )
        return str((answer.get("view") or {}).get("id") or "")

    def push_view(self, trigger_id: str, view: dict[str, Any]) -> None:
        """Put a modal on top of the one that is open: what is typed below stays.

        https://docs.slack.dev/reference/methods/views.push
        """
        make_call(lambda: self._quick.views_push(trigger_id=trigger_id, view=view))

    def send_file(self, user: str, path: Path, comment: str) -> None:
        """Give a file to one person, by direct message."""
        file_calls.send(self.client, user, path, comment)

    def publish_home(self, user: str, view: dict[str, Any]) -> None:
        """Show `view` as the Home tab of `user`, in place of what it showed before."""
        make_call(lambda: self._quick.views_publish(user_id=user, view=view))

    def update_view(self, view_id: str, view: dict[str, Any]) -> None:
        """Redraw a modal that is open."""
        _show(view, lambda shown: make_call(lambda: self._quick.views_update(view_id=view_id, view=shown)))

    def upload(self, name: str, title: str, alt: str, data: bytes) -> str:
        """Upload a file without sharing it anywhere, and return its id: see `file_calls.upload`."""
        return file_calls.upload(self.client, name, title, alt, data)

    def post_ephemeral(
        self,
        channel: str,
        user: str,
        text: str,
        blocks: list[dict[str, Any]] | None = None,
        *,
        thread_ts: str | None = None,
    ) -> None:
        """Tell one person something that only they see."""
        _show(
            {"blocks": blocks},
            lambda shown: make_call(
                lambda: self._quick.chat_postEphemeral(
                    channel=channel,
                    user=user,
                    text=text,
                    thread_ts=thread_ts,
                    link_names=False,
                    parse="none",
                    **shown,
                )
            ),
        )


def _show(surface: dict[str, Any], call: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """Show a modal or a message; without the files in it if Slack does not show one of them (any more)."""
    try:
        return call(surface)
    except SlackRefusedError:
        plain = without_images(surface.get("blocks") or [])
        if plain == surface.get("blocks"):
            raise
    return call({**surface, "blocks": plain})


def _is_foreign(told: dict[str, Any], ours: Identity) -> bool:
    """Whether somebody belongs to another organisation.

    `is_stranger` is only told of those who share no channel with us, so the workspace is what counts; in
    Enterprise Grid a colleague's home may be another workspace of the same organisation.
    https://docs.slack.dev/apis/slack-connect
    """
    if told.get("is_stranger"):
        return True
    team, grid = told.get("team_id"), told.get("enterprise_user") or {}
    if not team or team in {ours.team_id, ours.enterprise_id} or ours.team_id in (grid.get("teams") or []):
        return False
    return not ours.enterprise_id or grid.get("enterprise_id") != ours.enterprise_id


def _client(token: str, base_url: str, timeout: int) -> WebClient:
    return WebClient(token=token, base_url=base_url, timeout=timeout, retry_handlers=[])
