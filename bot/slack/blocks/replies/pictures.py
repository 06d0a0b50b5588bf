"""Pictures of a reply: as the composer asks about them, and as a preview shows them. Pure.

Slack shows the file as it was uploaded; beside it stands how it goes out.
https://docs.slack.dev/reference/block-kit/blocks/image-block and
https://docs.slack.dev/reference/block-kit/block-elements/file-input-element
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.networks.pictures import PictureLimits
from bot.slack.blocks.elements import Block, context_block, plain_text, section_block
from bot.slack.blocks.text import truncate
from bot.slack.typed_text import for_input
from models.core.mrkdwn import as_code

FILES_ACTION_ID = "files"
ALT_ACTION_ID = "alt"
KEPT_BLOCK, KEPT_ACTION_ID = "pictures kept", "kept"
FILE_ENDINGS = ("jpg", "jpeg", "png", "gif", "webp", "heic")
NO_SCOPE_TEXT = (
    ":frame_with_picture: Pictures can't be sent yet: Heard may not read files in this workspace. Somebody "
    "who manages its Slack app has to add the scope `files:read` and reinstall it."
)
_ALT_INPUT_MAX_CHARS = (
    3000  # https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element
)
_TITLE_MAX_CHARS = 200
_ALT_MAX_CHARS = 1900  # https://docs.slack.dev/reference/block-kit/blocks/image-block
_OPTION_MAX_CHARS = 75
_FILES_MAX = 10  # of one input
_KILOBYTE = 1000
# https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object
_SHOWN_ENDINGS = {"jpg", "jpeg", "png", "gif"}
_NAMES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "moving GIF"}


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture of a draft as its author sees it. `problem` says why it does not go along.

    `is_ticked`: it is to go along, as far as its author has said.
    """

    id: int
    file_id: str
    name: str
    alt: str
    is_pending: bool
    problem: str | None
    content_type: str = ""
    width: int = 0
    height: int = 0
    size: int = 0
    is_ticked: bool = True

    @property
    def is_ready(self) -> bool:
        """Whether it can go along."""
        return self.problem is None and not self.is_pending

    @property
    def facts(self) -> str:
        """How it goes out."""
        size = (
            f"{self.size / _KILOBYTE**2:.1f} MB" if self.size >= _KILOBYTE**2 else f"{self.size // 1000} kB"
        )
        kind = _NAMES.get(self.content_type, self.content_type)
        return f"{kind}, {self.width} by {self.height} pixels, {size}, without metadata"


@dataclass(frozen=True, slots=True)
class PictureContent:
    """What the composer shows and asks of pictures. `limits` is None where only words can go out.

    `why_not` is our own sentence about that, mrkdwn.
    """

    title: str = ""
    limits: PictureLimits | None = None
    why_not: str | None = None
    shown: tuple[ShownPicture, ...] = ()
    mark: str = ""
    reply_id: int | None = None


def files_block_id(reply_id: int | None) -> str:
    """The id of the block with the input for files: another one for each draft, so that it begins empty."""
    return f"files {reply_id or 0}"


def alt_block_id(picture_id: int) -> str:
    """The id of the block that asks for the description of a picture."""
    return f"alt {picture_id}"


def build_picture_inputs(content: PictureContent) -> list[Block]:
    """The blocks of the composer below the words."""
    if content.limits is None:
        return [context_block(content.why_not)] if content.why_not else []
    blocks: list[Block] = []
    ready = [one for one in content.shown if one.is_ready]
    for number, one in enumerate(content.shown, 1):
        blocks += build_picture(one, number)
        if one.is_ready:
            blocks.append(_alt_block(one, number, content.limits))
    if ready:
        blocks.append(_kept_block(ready, content.title))
    room = min(content.limits.max_count - len(ready), _FILES_MAX)
    if room > 0:
        blocks.append(_files_block(content, room, is_more=bool(ready)))
    return blocks


def build_picture(one: ShownPicture, number: int, *, with_alt: bool = False) -> list[Block]:
    """A picture and how it goes out; or its name, and why it does not."""
    name = as_code(one.name)
    if one.is_pending:
        return [context_block(f":hourglass_flowing_sand: Fetching {name} …")]
    if one.problem is not None:
        return [section_block(f":paperclip: {name} won't be sent: it {one.problem}")]
    title = plain_text(truncate(f"Picture {number}: {one.name}", _TITLE_MAX_CHARS))
    image: Block = {
        "type": "image",
        "slack_file": {"id": one.file_id},
        "alt_text": truncate(one.alt or one.name, _ALT_MAX_CHARS),
        "title": title,
    }
    if one.name.rpartition(".")[2].lower() not in _SHOWN_ENDINGS:
        image = {"type": "context", "elements": [title]}
    blocks = [image, context_block(f"Goes out as {one.facts}.")]
    if with_alt:
        said = (
            f"Described as: “{one.alt}”"
            if one.alt
            else "No description (alt text) yet: press Edit to add one."
        )
        blocks.append({"type": "context", "elements": [plain_text(truncate(said, _ALT_MAX_CHARS))]})
    return blocks


def without_images(blocks: Sequence[Block]) -> list[Block]:
    """The same where Slack does not show a file: its title alone."""
    return [
        {"type": "context", "elements": [one["title"]]}
        if one["type"] == "image" and "slack_file" in one
        else one
        for one in blocks
    ]


def _alt_block(one: ShownPicture, number: int, limits: PictureLimits) -> Block:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": ALT_ACTION_ID,
        "multiline": True,
        "max_length": min(limits.alt_max_length, _ALT_INPUT_MAX_CHARS),
        "placeholder": plain_text("What does it show?"),
    }
    if one.alt:
        element["initial_value"] = for_input(one.alt)[: element["max_length"]]
    return {
        "type": "input",
        "block_id": alt_block_id(one.id),
        "optional": True,
        "label": plain_text(f"Describe picture {number} (alt text)"),
        "hint": plain_text("Read out to people who can't see the picture."),
        "element": element,
    }


def _kept_block(ready: Sequence[ShownPicture], title: str) -> Block:
    """Which of them go along: all, unless somebody takes one out."""
    options = {
        one.id: {
            "text": plain_text(truncate(f"Picture {number}: {one.name}", _OPTION_MAX_CHARS)),
            "value": str(one.id),
        }
        for number, one in enumerate(ready, 1)
    }
    ticked = [options[one.id] for one in ready if one.is_ticked]
    return {
        "type": "input",
        "block_id": f"{KEPT_BLOCK} {' '.join(map(str, options))}",
        "optional": True,
        "label": plain_text(truncate(f"Send to {title}", 100)),
        "element": {
            "type": "checkboxes",
            "action_id": KEPT_ACTION_ID,
            "options": list(options.values()),
            **({"initial_options": ticked} if ticked else {}),
        },
    }


def _files_block(content: PictureContent, room: int, *, is_more: bool) -> Block:
    limits = content.limits
    kinds = "JPEG, PNG, WebP or GIF"
    moving = " A GIF that moves goes out alone." if limits is not None and limits.takes_animations else ""
    hint = f"Up to {room}: {kinds}. You see how they go out, and can describe them, before anything is sent."
    return {
        "type": "input",
        "block_id": files_block_id(content.reply_id),
        "optional": True,
        "label": plain_text("Add more pictures" if is_more else "Pictures"),
        "hint": plain_text(f"{hint}{moving}"),
        "element": {
            "type": "file_input",
            "action_id": FILES_ACTION_ID,
            "filetypes": list(FILE_ENDINGS),
            "max_files": room,
        },
    }


@dataclass(frozen=True, slots=True)
class PickedPictures:
    """What somebody has done with the pictures that a composer shows.

    `kept` are the ids of those that go along (None: nobody was asked), `alts` what is said of each, and
    `files` the ids and names of files that were added.
    """

    kept: frozenset[int] | None = None
    alts: Mapping[int, str] = field(default_factory=dict)
    files: tuple[tuple[str, str], ...] = ()
