"""Calls about files: to give one to somebody, and to fetch one that somebody uploaded.

https://docs.slack.dev/messaging/working-with-files
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from slack_sdk import WebClient

from bot.networks.errors import NetworkError
from bot.networks.http_client import CallLimits, HttpSession, HttpStatusError
from bot.slack.errors import SlackUnsureError
from bot.slack.web_api.call import make_call

FILES_SCOPE = "files:read"
_DOWNLOAD_SECONDS = 20.0
_SLACK_DOMAINS = (".slack.com", ".slack-gov.com")  # of `url_private_download`


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file that somebody uploaded. `alt` is its description: what they wrote for it, or its title.

    https://docs.slack.dev/reference/objects/file-object
    """

    name: str
    size: int
    url: str
    alt: str


def get_info(client: WebClient, file_id: str) -> FileInfo:
    """Return what Slack knows of a file. `SlackRefusedError` keeps its name: `missing_scope`.

    https://docs.slack.dev/reference/methods/files.info
    """
    told = make_call(lambda: client.files_info(file=file_id)).get("file") or {}
    name, title = str(told.get("name") or ""), str(told.get("title") or "")
    is_titled = title not in {"", name, name.rpartition(".")[0]}
    return FileInfo(
        name=name,
        size=int(told.get("size") or 0),
        url=str(told.get("url_private_download") or told.get("url_private") or ""),
        alt=str(told.get("alt_txt") or (title if is_titled else "")),
    )


def download(url: str, token: str, base_url: str, max_bytes: int) -> bytes:
    """Return the bytes of a file of this workspace, with our token, which goes nowhere but to Slack.

    Without `files:read` Slack redirects to a page to sign in, which is not followed. Raises
    `SlackUnsureError` if the bytes did not arrive.
    """
    parts, own = urlsplit(url), urlsplit(base_url)
    is_slack = parts.scheme == "https" and (parts.hostname or "").endswith(_SLACK_DOMAINS)
    if not is_slack and (parts.scheme, parts.netloc) != (own.scheme, own.netloc):
        raise SlackUnsureError("the file is not stored at Slack")
    limits = CallLimits(call_seconds=_DOWNLOAD_SECONDS, max_bytes=max_bytes)
    try:
        with HttpSession(f"{parts.scheme}://{parts.netloc}", limits) as session:
            response = session.get(url, headers={"Authorization": f"Bearer {token}"})
    except HttpStatusError as no:
        raise SlackUnsureError(f"Slack answered {no.response.status_code} instead of the file") from None
    except NetworkError:
        raise SlackUnsureError("the file could not be downloaded") from None
    return response.content


def send(client: WebClient, user: str, path: Path, comment: str) -> None:
    """Give a file to one person, by direct message. Raises `SlackError`."""
    opened = make_call(lambda: client.conversations_open(users=user)).get("channel") or {}
    make_call(
        lambda: client.files_upload_v2(
            channel=str(opened.get("id") or ""),
            file=str(path),
            filename=path.name,
            title=path.name,
            initial_comment=comment,
        )
    )


def upload(client: WebClient, name: str, title: str, alt: str, data: bytes) -> str:
    """Upload a file without sharing it anywhere, and return its id.

    Slack processes it for some seconds; until then no block may show it (python-slack-sdk#1521). Raises
    `SlackUnsureError` if Slack returned no id, and the other `SlackError`s if the upload failed.
    """
    answer = make_call(lambda: client.files_upload_v2(content=data, filename=name, title=title, alt_txt=alt))
    file_id = (answer.get("files") or [{}])[0].get("id")
    if not file_id:
        raise SlackUnsureError("Slack accepted a file but did not return its id")
    return str(file_id)
