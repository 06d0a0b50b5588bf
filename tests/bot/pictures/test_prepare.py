"""Whatever a picture brings along, only its pixels go out, and never more than the network takes."""

import struct
import zlib
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.networks.pictures import PictureLimits
from bot.pictures import child
from bot.pictures.gif import strip_gif
from bot.pictures.prepare import PictureUnfitError, prepare
from tests.bot.pictures import painting

LIMITS = PictureLimits(max_bytes=300_000, max_side=1000)
MARKS = (
    b"SECRET",
    b"Exif",
    b"exif",
    b"xmp",
    b"ICC_PROFILE",
    b"iCCP",
    b"eXIf",
    b"tEXt",
    b"iTXt",
    b"Photoshop",
)


def opened(picture):
    return Image.open(BytesIO(picture.data))


def assert_plain(picture):
    assert not [mark for mark in MARKS if mark in picture.data]
    image = opened(picture)
    assert not image.getexif()
    assert {"exif", "icc_profile", "xmp", "comment", "photoshop"}.isdisjoint(image.info)
    assert image.size == (picture.width, picture.height)


@pytest.mark.parametrize("made", [painting.jpeg, painting.png, painting.webp, painting.gif])
def test_a_picture_goes_out_with_its_pixels_alone(made):
    picture = prepare(made(), LIMITS, alt="a red card")

    assert_plain(picture)
    assert picture.alt == "a red card"
    red, green, blue = opened(picture).convert("RGB").getpixel((40, 40))
    assert (red > 180, green < 60, blue < 60) == (True, True, True) or made is painting.gif


def test_a_picture_is_turned_as_the_camera_was_held():
    picture = prepare(painting.jpeg(orientation=6), LIMITS)

    assert (picture.width, picture.height) == (48, 64)
    assert_plain(picture)


def test_a_graphic_stays_png_and_a_photo_becomes_jpeg():
    assert prepare(painting.png(), LIMITS).content_type == "image/png"
    assert prepare(painting.gif(), LIMITS).content_type == "image/png"
    assert prepare(painting.jpeg(), LIMITS).content_type == "image/jpeg"
    assert prepare(painting.webp(), LIMITS).content_type == "image/jpeg"
    assert prepare(painting.png(painting.noise(900, 900)), LIMITS).content_type == "image/jpeg"


def test_what_shows_through_still_does():
    see_through = painting.paint(mode="RGBA", colour=(200, 30, 30, 90))

    assert opened(prepare(painting.png(see_through), LIMITS)).mode == "RGBA"
    assert opened(prepare(painting.webp(see_through), LIMITS)).format == "PNG"


def test_a_picture_is_made_as_small_as_it_has_to_be():
    picture = prepare(painting.jpeg(painting.noise(1600, 1200)), LIMITS)

    assert len(picture.data) <= LIMITS.max_bytes
    assert max(picture.width, picture.height) <= LIMITS.max_side
    assert abs(picture.width / picture.height - 4 / 3) < 0.02
    assert_plain(picture)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "CMYK", "1", "I;16"])
def test_every_way_to_store_colours_is_read(mode):
    image = (
        painting.paint().convert("L").convert("I;16") if mode == "I;16" else painting.paint().convert(mode)
    )
    data = painting.encode(image, "JPEG" if mode == "CMYK" else "PNG")

    assert_plain(prepare(data, LIMITS))


def test_a_gif_that_moves_goes_out_as_it_is_where_it_is_shown_moving():
    picture = prepare(painting.gif(frames=5), replace(LIMITS, takes_animations=True))

    assert (picture.content_type, picture.is_animated) == ("image/gif", True)
    assert_plain(picture)
    assert opened(picture).n_frames == 5
    assert opened(picture).info["loop"] == 3


@pytest.mark.parametrize(
    "made",
    [painting.gif(frames=3), painting.webp(save_all=True, append_images=[painting.paint(colour="blue")])],
)
def test_what_moves_is_refused_by_name_elsewhere(made):
    with pytest.raises(PictureUnfitError, match="moves"):
        prepare(made, LIMITS)


def test_what_is_no_picture_is_refused():
    for data in (b"", b"%PDF-1.7 hello", b"GIF89a", painting.jpeg()[:200], b"<svg/>"):
        with pytest.raises(PictureUnfitError, match="can't be read"):
            prepare(data, LIMITS)


def test_heic_is_refused_with_what_to_do():
    with pytest.raises(PictureUnfitError, match="Save it as JPEG"):
        prepare(b"\0\0\0\x18ftypheic" + bytes(40), LIMITS)


def test_a_picture_that_is_huge_once_decoded_is_never_decoded():
    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    png = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )

    with pytest.raises(PictureUnfitError, match="400 million pixels"):
        prepare(png, LIMITS)


def test_a_file_of_too_many_bytes_is_not_even_looked_at():
    with pytest.raises(PictureUnfitError, match="30 MB"):
        prepare(bytes(30_000_001), LIMITS)


WANTED = {
    "content_types": ["image/jpeg", "image/png"],
    "max_bytes": 40_000,
    "max_side": 300,
    "max_pixels": 60_000,
    "takes_animations": False,
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(["jpeg", "png", "webp"]),
    size=st.tuples(st.integers(1, 500), st.integers(1, 500)),
    mode=st.sampled_from(["RGB", "RGBA"]),
    orientation=st.integers(1, 8),
)
def test_no_metadata_survives_and_no_limit_is_passed(kind, size, mode, orientation):
    image = painting.noise(*size, mode="RGB" if kind == "jpeg" else mode)
    more = {"orientation": orientation} if kind == "jpeg" else {}
    told, data = child.make_fit(getattr(painting, kind)(image, **more), WANTED)

    image = Image.open(BytesIO(data))
    assert b"SECRET" not in data
    assert not image.getexif()
    assert {"exif", "icc_profile", "xmp", "comment", "photoshop", "Comment", "zipped"}.isdisjoint(image.info)
    assert len(data) <= WANTED["max_bytes"]
    assert max(told["width"], told["height"]) <= WANTED["max_side"]
    assert told["width"] * told["height"] <= WANTED["max_pixels"]
    assert image.size == (told["width"], told["height"])


@given(st.binary(max_size=400))
def test_a_gif_that_is_no_gif_is_a_value_error(data):
    for one in (data, b"GIF89a" + data):
        try:
            strip_gif(one)
        except ValueError:
            continue
        assert one.startswith(b"GIF8")
