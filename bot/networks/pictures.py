"""Pictures that go out with a reply: what a network takes, and what it is given. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

JPEG, PNG, GIF, WEBP = "image/jpeg", "image/png", "image/gif", "image/webp"
OWN_MAX_BYTES = 4_000_000  # of one picture, whatever a network takes: an upload has eight seconds
OWN_MAX_SIDE = 4096  # pixels
PROCESSING_CAUSE = "processing a picture"  # of a `Later`: the network has it, and cannot show it yet
_ALT_MAX_LENGTH = 3000  # what an input of Slack holds


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What a network takes with one reply.

    `content_types` are the kinds of still pictures; `takes_animations`: an animated GIF, on its own, is shown
    moving. `max_pixels` is width times height. `alt_max_length` is in characters. An upload is kept for
    `lifetime` at least until a reply uses it.
    """

    max_count: int = 4
    content_types: frozenset[str] = frozenset({JPEG, PNG})
    max_bytes: int = OWN_MAX_BYTES
    max_pixels: int = OWN_MAX_SIDE * OWN_MAX_SIDE
    max_side: int = OWN_MAX_SIDE
    alt_max_length: int = _ALT_MAX_LENGTH
    takes_animations: bool = False
    lifetime: timedelta = timedelta(hours=1)

    def fits(self, content_type: str, size: int, width: int, height: int, *, is_animated: bool) -> bool:
        """Return whether a picture of `size` bytes and so many pixels goes out as it is."""
        is_kind = self.takes_animations if is_animated else content_type in self.content_types
        is_small = size <= self.max_bytes and width * height <= self.max_pixels
        return is_kind and is_small and max(width, height) <= self.max_side


def strictest(limits: Iterable[PictureLimits]) -> PictureLimits | None:
    """Return what all of `limits` take; None if there are none, or no kind that all of them take."""
    each = list(limits)
    kinds = frozenset.intersection(*(one.content_types for one in each)) if each else frozenset[str]()
    if not kinds:
        return None
    return PictureLimits(
        max_count=min(one.max_count for one in each),
        content_types=kinds,
        max_bytes=min(one.max_bytes for one in each),
        max_pixels=min(one.max_pixels for one in each),
        max_side=min(one.max_side for one in each),
        alt_max_length=min(one.alt_max_length for one in each),
        takes_animations=all(one.takes_animations for one in each),
        lifetime=min(one.lifetime for one in each),
    )


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is to be uploaded: exactly these bytes, with no metadata in them."""

    data: bytes
    content_type: str
    width: int
    height: int
    alt: str
    is_animated: bool = False


@dataclass(frozen=True, slots=True)
class UploadedPicture:
    """A picture that the network has, and that no reply shows yet; `media` is what `upload` returned."""

    media: str
    alt: str
    width: int
    height: int


class PictureSender:
    """What a network can do with pictures; by default nothing."""

    @property
    def picture_limits(self) -> PictureLimits | None:
        """What goes along with a reply; None: words alone. Asks nobody."""
        return None

    def upload(self, picture: Picture, *, account_id: str) -> str:
        """Hand over a picture and return how `freeze` is to name it. Nothing is public by that.

        So it may be repeated, whatever became of an earlier call. Raises `Refused`, `Later` and `Unsure`.
        """
        raise NotImplementedError(f"{type(self).__name__} takes no pictures such as {picture.content_type}")
