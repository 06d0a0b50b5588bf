"""From the bytes of a document to its characters, whatever it declares. Pure.

Which of the declarations counts is RFC 7303 section 3: a byte order mark, then the header, then the XML
declaration, then UTF-8. Many feeds declare one and are written in another, so a declaration under which the
bytes make no sense is passed over.
"""

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = ((b"<\0?\0", "utf-16-le"), (b"\0<\0?", "utf-16-be"))  # "<?", as the XML declaration begins
_HEADER_CHARSET = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_DECLARED = re.compile(rb"\A\s{0,99}<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([A-Za-z0-9_.:-]{1,40})")
# Read by everybody as what they are mostly meant to be: https://encoding.spec.whatwg.org/#names-and-labels
_MEANT = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
}
_TEXT_CODECS = re.compile(
    r"utf[-_](8|16|32)|iso8859|cp\d|latin|ascii|koi8|gb|big5|euc|shift_jis|iso2022_(jp|kr)|hz|mac|tis|johab|ptcp"
)
# XML 1.0 has none of these (https://www.w3.org/TR/xml/#charsets); some come with text out of databases.
_FORBIDDEN = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535))


def decode(body: bytes, content_type: str) -> str:
    """Return the document's characters, without a byte order mark and without what XML forbids."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return _clean(body[len(mark) :].decode(encoding, "replace"))
    for start, encoding in _UNMARKED:
        if body.startswith(start):
            return _clean(body.decode(encoding, "replace"))
    header = _HEADER_CHARSET.search(content_type)
    declared = _DECLARED.match(body)
    names = [header[1]] if header else []
    names += [declared[1].decode("ascii")] if declared else []
    said = list(filter(None, map(_codec, names)))
    # What is valid UTF-8 was written as UTF-8, whatever a template declares: text in an older encoding
    # is valid UTF-8 only by a rare chance. ISO-2022-JP is, and has escapes, which XML forbids.
    for encoding in [*said, "utf-8"] if b"\x1b" in body else ["utf-8", *said]:
        try:
            return _clean(body.decode(encoding))
        except UnicodeDecodeError:
            continue
    if "utf-8" in said and _mostly_utf8(body):
        return _clean(body.decode("utf-8", "replace"))
    return _clean(body.decode("cp1252", "replace"))


def _codec(name: str) -> str | None:
    """The codec of that name, None if Python has none that makes text of bytes."""
    try:
        known = codecs.lookup(name).name
    except LookupError:
        return None
    known = _MEANT.get(known, known)
    return known if _TEXT_CODECS.match(known) else None


def _mostly_utf8(body: bytes) -> bool:
    """Whether a few broken characters, as of a text cut in the middle of one, are all that is wrong."""
    broken = body.decode("utf-8", "replace").count("\ufffd")
    return broken * 4 <= sum(byte >= 0xC2 for byte in body)  # noqa: PLR2004 - the first byte of a longer character


def _clean(text: str) -> str:
    return text.translate(_FORBIDDEN).removeprefix("\ufeff")
