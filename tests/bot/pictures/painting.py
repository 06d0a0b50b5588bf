"""Pictures for tests, with all the metadata that cameras and programs write."""

from io import BytesIO

from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

SECRET = "52.5163N-13.3777E-SECRET"
XMP = f"<x:xmpmeta><place>{SECRET}</place></x:xmpmeta>".encode()
IPTC = b"\xff\xed" + (60).to_bytes(2, "big") + b"Photoshop 3.0\x008BIM\x04\x04\x00\x00" + SECRET.encode()


def paint(width=64, height=48, colour=(200, 30, 30), mode="RGB"):
    image = Image.new(mode, (width, height), colour)
    for x in range(width // 2):
        image.putpixel((x, 0), (0, 0, 255) if mode == "RGB" else (0, 0, 255, 255))
    return image


def kettle():
    """A blue kettle on a red card, for people to look at."""
    image = Image.new("RGB", (640, 480), (196, 62, 48))
    pen = ImageDraw.Draw(image)
    pen.ellipse((200, 150, 440, 400), fill=(38, 92, 160))
    pen.polygon([(420, 220), (540, 160), (550, 190), (430, 300)], fill=(38, 92, 160))
    pen.arc((240, 70, 400, 230), 180, 360, fill=(24, 40, 60), width=16)
    pen.ellipse((300, 130, 340, 165), fill=(24, 40, 60))
    return image


def noise(width, height, mode="RGB"):
    """What no encoder can make small."""
    import random

    size = width * height * len(mode)
    return Image.frombytes(mode, (width, height), random.Random(7).randbytes(size))


def encode(image, kind, **more):
    made = BytesIO()
    image.save(made, kind, **more)
    return made.getvalue()


def exif(orientation=1):
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010E] = SECRET
    gps = data.get_ifd(0x8825)
    gps[1], gps[2], gps[29] = "N", (52.0, 30.0, 58.0), SECRET
    return data


def srgb_profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def jpeg(image=None, orientation=1, **more):
    plain = encode(
        image or paint(),
        "JPEG",
        exif=exif(orientation),
        xmp=XMP,
        comment=SECRET,
        icc_profile=srgb_profile(),
        **more,
    )
    iptc = SECRET.encode() * 2
    head = b"\xff\xed" + (len(iptc) + 2).to_bytes(2, "big") + iptc
    return plain[:2] + head + plain[2:] + SECRET.encode()


def png(image=None, **more):
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET)
    text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    text.add_text("zipped", SECRET * 9, zip=True)
    plain = encode(image or paint(), "PNG", pnginfo=text, exif=exif(), icc_profile=srgb_profile(), **more)
    return plain + SECRET.encode()


def webp(image=None, **more):
    return encode(image or paint(), "WEBP", exif=exif(), xmp=XMP, icc_profile=srgb_profile(), **more)


def gif(frames=1, **more):
    images = [paint(colour=(number * 20 % 256, 0, 0)) for number in range(frames)]
    return encode(
        images[0],
        "GIF",
        save_all=frames > 1,
        append_images=images[1:],
        comment=SECRET.encode(),
        loop=3,
        **more,
    )
