"""An animated GIF without what it says besides its frames, byte by byte and undecoded. Pure.

https://www.w3.org/Graphics/GIF/spec-gif89a.txt: a header, then blocks; pictures are rendered from image
blocks and their graphic controls. Comments, plain text and applications' own data (XMP is one) stay behind,
but for the one that says how often it repeats.
"""

_HEADER_BYTES = 13
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_LOOP_BLOCK_BYTES = 3


def strip_gif(data: bytes) -> bytes:
    """Return `data` with its frames, their timing and their repetition alone. Raises `ValueError`."""
    try:
        return _strip(data)
    except IndexError:
        raise ValueError("the GIF is cut off") from None


def _strip(data: bytes) -> bytes:
    if data[:6] not in {b"GIF87a", b"GIF89a"}:
        raise ValueError("that is no GIF")
    at = _HEADER_BYTES + _table_bytes(data[10])
    kept = [b"GIF89a", data[6:at]]
    while data[at] != _TRAILER:
        begin, kind = at, data[at]
        if kind == _IMAGE:
            at = _after_blocks(data, at + 11 + _table_bytes(data[at + 9]))
            kept.append(data[begin:at])
        elif kind == _EXTENSION:
            at = _after_blocks(data, at + 2)
            if data[begin + 1] == _GRAPHIC_CONTROL:
                kept.append(data[begin:at])
            elif data[begin + 1] == _APPLICATION and (loop := _loop(data, begin)):
                kept.append(loop)
        else:
            raise ValueError("the GIF has a block of an unknown kind")
    kept.append(bytes([_TRAILER]))
    return b"".join(kept)


def _table_bytes(flags: int) -> int:
    """How many bytes the table of colours has that `flags` announce."""
    return 3 * 2 ** ((flags & 0x07) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    """Where the sub-blocks that begin at `at` end."""
    while size := data[at]:
        at += size + 1
    return at + 1


def _loop(data: bytes, begin: int) -> bytes | None:
    """How often it repeats, if that is what the application's block at `begin` says."""
    name, block = data[begin + 3 : begin + 14], data[begin + 14 : begin + 18]
    if name not in _LOOPS or block[:2] != bytes([_LOOP_BLOCK_BYTES, 1]):
        return None
    return data[begin : begin + 3] + name + block + b"\0"
