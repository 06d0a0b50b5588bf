"""The process that decodes a picture of a stranger: it has nothing to lose, and little memory and time.

`prepare.py` starts it, and hands it a line of JSON and the picture; it answers in the same way.
"""

import json
import sys
import warnings
from contextlib import suppress
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms, ImageOps

from bot.pictures.gif import strip_gif

MEMORY_MAX_BYTES = 2 * 1024**3
CPU_MAX_SECONDS = 12
PIXELS_MAX = 64_000_000  # of what is decoded; telephones take up to 50 million
FRAMES_MAX = 600
FRAME_PIXELS_MAX = 400_000_000  # of all frames of an animation
_QUALITIES = (90, 82, 72)
_SHRINK = 0.8
_SIDE_MIN = 64
_KIND_BY_FORMAT = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png"}
_KIND_BY_FORMAT |= {"GIF": "image/gif", "WEBP": "image/webp"}
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")


class UnfitError(Exception):
    """A picture that cannot go out; the message is the end of a sentence that begins with its name."""


def main() -> None:
    """Read a picture from standard input and write the one that may go out, or why there is none."""
    _limit_resources()
    warnings.simplefilter("ignore")
    wanted = json.loads(sys.stdin.buffer.readline())
    try:
        told, data = make_fit(sys.stdin.buffer.read(), wanted)
    except UnfitError as error:
        told, data = {"problem": str(error)}, b""
    except MemoryError:
        told, data = {"problem": "is too large to be read."}, b""
    except Exception as error:  # noqa: BLE001 - whatever a broken picture does to a decoder
        told, data = {"problem": "can't be read as a picture.", "error": type(error).__name__}, b""
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + data)


def _limit_resources() -> None:
    with suppress(ImportError, OSError, ValueError):  # where the system knows no such limits
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_MAX_SECONDS, CPU_MAX_SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def make_fit(data: bytes, wanted: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return what there is to say of the picture that may go out, and its bytes.

    `wanted` has the fields of `PictureLimits`. Raises `UnfitError`, and whatever a decoder raises.
    """
    Image.MAX_IMAGE_PIXELS = None  # it is compared here
    with Image.open(BytesIO(data), formats=_FORMATS) as image:
        kind = _KIND_BY_FORMAT[str(image.format)]
        if image.width * image.height > PIXELS_MAX:
            raise UnfitError(
                f"has {image.width * image.height / 1e6:,.0f} million pixels; Heard reads up to "
                f"{PIXELS_MAX / 1e6:,.0f} million."
            )
        if getattr(image, "is_animated", False) and image.format != "MPO":
            return _fit_animation(image, data, kind, wanted)
        return _fit_still(image, kind, wanted)


def _fit_animation(
    image: Image.Image, data: bytes, kind: str, wanted: dict[str, Any]
) -> tuple[dict[str, Any], bytes]:
    """An animated GIF as it is, without its metadata."""
    if kind != "image/gif":
        raise UnfitError("moves, and only a GIF that moves can be sent.")
    if not wanted["takes_animations"]:
        raise UnfitError("is a GIF that moves, which can't be sent there.")
    frames = int(getattr(image, "n_frames", 1))
    if frames > FRAMES_MAX or frames * image.width * image.height > FRAME_PIXELS_MAX:
        raise UnfitError("is a GIF that is too long to be sent.")
    plain = strip_gif(data)
    with Image.open(BytesIO(plain), formats=("GIF",)) as checked:
        for number in range(frames):
            checked.seek(number)
            checked.load()
    if len(plain) > wanted["max_bytes"]:
        raise UnfitError(
            f"is a GIF of {len(plain) / 1e6:.1f} MB; up to {wanted['max_bytes'] / 1e6:.1f} MB can be sent."
        )
    return _told(kind, image.size, is_animated=True), plain


def _fit_still(image: Image.Image, kind: str, wanted: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """A picture of its pixels alone, turned as its camera was held, small enough."""
    taken, most = set(wanted["content_types"]), int(wanted["max_bytes"])
    limit = wanted["max_side"]
    image.draft("RGB", (limit, limit))  # a huge JPEG is read smaller at once
    upright = ImageOps.exif_transpose(image)
    plain = _shrunk(_pixels(upright), limit, wanted["max_pixels"])
    is_graphic = kind in {"image/png", "image/gif"}
    has_alpha = plain.mode == "RGBA"
    while True:
        if "image/png" in taken and (is_graphic or has_alpha):
            data = _save(plain, "PNG", optimize=True)
            if len(data) <= most:
                return _told("image/png", plain.size), data
        if "image/jpeg" in taken and not has_alpha:
            for quality in _QUALITIES:
                data = _save(plain, "JPEG", quality=quality, optimize=True, progressive=True)
                if len(data) <= most:
                    return _told("image/jpeg", plain.size), data
        if min(plain.size) * _SHRINK < _SIDE_MIN:
            if has_alpha and "image/jpeg" in taken:
                plain, has_alpha = _on_white(plain), False
                continue
            raise UnfitError(f"can't be made smaller than {most / 1e6:.1f} MB.")
        plain = plain.resize(
            (max(round(plain.width * _SHRINK), 1), max(round(plain.height * _SHRINK), 1)),
            Image.Resampling.LANCZOS,
        )


def _pixels(image: Image.Image) -> Image.Image:
    """A new picture of nothing but pixels, in sRGB: RGBA if anything shows through, else RGB."""
    profile = image.info.get("icc_profile")
    has_alpha = image.has_transparency_data
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode == "P":
        image = image.convert("RGBA" if has_alpha else "RGB")
    if profile and image.mode in {"RGB", "RGBA", "CMYK", "L"}:
        image = _in_srgb(image, profile)
    mode = "RGBA" if has_alpha else "RGB"
    image = image.convert(mode)
    if has_alpha and image.getchannel("A").getextrema() == (255, 255):
        image, mode = image.convert("RGB"), "RGB"
    return Image.frombytes(mode, image.size, image.tobytes())


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """The colours of `image` in sRGB; as they are if its profile says nothing that can be read."""
    with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        alpha = image.getchannel("A") if image.mode == "RGBA" else None
        plain = image.convert("RGB") if alpha is not None else image
        made = ImageCms.profileToProfile(plain, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        if made is not None:
            if alpha is not None:
                made.putalpha(alpha)
            return made
    return image


def _on_white(image: Image.Image) -> Image.Image:
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _shrunk(image: Image.Image, max_side: int, max_pixels: int) -> Image.Image:
    """`image`, with no side longer and no more pixels than that."""
    factor = min(1.0, max_side / max(image.size), (max_pixels / (image.width * image.height)) ** 0.5)
    if factor >= 1:
        return image
    size = (max(int(image.width * factor), 1), max(int(image.height * factor), 1))
    return image.resize(size, Image.Resampling.LANCZOS)


def _save(image: Image.Image, kind: str, **how: Any) -> bytes:  # noqa: ANN401 - the encoder's
    made = BytesIO()
    image.save(made, kind, **how)
    return made.getvalue()


def _told(kind: str, size: tuple[int, int], *, is_animated: bool = False) -> dict[str, Any]:
    return {"content_type": kind, "width": size[0], "height": size[1], "is_animated": is_animated}


if __name__ == "__main__":
    main()
