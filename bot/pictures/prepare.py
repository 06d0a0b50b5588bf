"""A picture that somebody uploaded, made fit to go out: decoded in a process of its own, and written anew.

A file may be made to harm whoever decodes it. So that process gets no secrets, two gigabytes of memory
and twelve seconds, and is ended if it takes longer; what it hands back is compared with what was asked for.
"""

import json
import logging
import os
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path

from bot.networks.pictures import GIF, Picture, PictureLimits

log = logging.getLogger(__name__)

INPUT_MAX_BYTES = 30_000_000  # of a file as it was uploaded; the input of a modal takes 10 MB
PREPARE_TIMEOUT_SECONDS = 20.0  # for decoding, shrinking and encoding
_ROOT = Path(__file__).resolve().parents[2]
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "LANG")  # no secrets
_AT_ONCE = threading.BoundedSemaphore(2)  # processes, for each may take two gigabytes
# -I leaves our own folder out of the path.
_START = "import sys; sys.path.insert(0, sys.argv[1]); from bot.pictures.child import main; main()"
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")


class PictureUnfitError(Exception):
    """A picture that cannot go out. The message ends a sentence that begins with the file's name."""


def prepare(data: bytes, limits: PictureLimits, *, alt: str = "") -> Picture:
    """Return the picture in `data` as it may go out within `limits`, with no metadata in it.

    It is a JPEG or a PNG, or a GIF that moves. Raises `PictureUnfitError`. Takes up to
    `PREPARE_TIMEOUT_SECONDS`.
    """
    if len(data) > INPUT_MAX_BYTES:
        raise PictureUnfitError(f"has more than {INPUT_MAX_BYTES / 1e6:.0f} MB.")
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        raise PictureUnfitError("is a HEIC or AVIF picture. Save it as JPEG, then attach it again.")
    told, made = _run(data, limits)
    problem = told.get("problem")
    if problem is not None:
        log.info("a picture of %s bytes is unfit: %s", len(data), told.get("error") or problem)
        raise PictureUnfitError(str(problem))
    picture = Picture(
        made,
        str(told["content_type"]),
        int(str(told["width"])),
        int(str(told["height"])),
        alt,
        is_animated=told["is_animated"] is True,
    )
    kinds = limits.content_types | ({GIF} if limits.takes_animations else set())
    if picture.content_type not in kinds or not 0 < len(made) <= limits.max_bytes:
        raise PictureUnfitError("can't be sent there.")
    return picture


def _run(data: bytes, limits: PictureLimits) -> tuple[dict[str, object], bytes]:
    asked = asdict(limits) | {"content_types": sorted(limits.content_types), "lifetime": None}
    try:
        done = _run_child(json.dumps(asked).encode() + b"\n" + data)
    except subprocess.TimeoutExpired:
        raise PictureUnfitError("takes too long to be read.") from None
    head, _, made = done.stdout.partition(b"\n")
    try:
        told = json.loads(head)
    except ValueError:
        told = None
    if done.returncode != 0 or not isinstance(told, dict):
        log.warning("the process that reads a picture of %s bytes ended with %s", len(data), done.returncode)
        raise PictureUnfitError("can't be read as a picture.")
    return told, made


def _run_child(given: bytes) -> "subprocess.CompletedProcess[bytes]":
    with _AT_ONCE:
        return subprocess.run(  # noqa: S603 - our own code
            [sys.executable, "-I", "-c", _START, str(_ROOT)],
            input=given,
            capture_output=True,
            timeout=PREPARE_TIMEOUT_SECONDS,
            check=False,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        )
