"""What a file is, judged by its first bytes: for messages about a file that is not what was asked for."""

HEAD = 256  # bytes that are enough to tell

_BEGINNINGS = (
    (b"version https://git-lfs", "a Git LFS pointer instead of the file itself; fetch the file with `git lfs pull`"),
    (b"<!doctype html", "a web page (HTML) instead of the file itself; download the file again"),
    (b"<html", "a web page (HTML) instead of the file itself; download the file again"),
    (b"<svg", "an SVG drawing, not an image of pixels; convert it to PNG"),
    (b"<?xml", "an XML document (SVG, or an error message)"),
    (b"par1", "a Parquet file"),
    (b"pk\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"\x89hdf", "an HDF5 file, as Keras saves weights"),
    (b"arrow1", "an Arrow file"),
    (b"%pdf", "a PDF document"),
    (b"{", "a JSON text"),
)


def kind(head: bytes) -> str | None:
    """What a file is that begins with `head`, in words that follow "it is", with advice; None if unknown."""
    if not head:
        return "empty (0 bytes); download it again"
    text = head[:HEAD].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return next((name for beginning, name in _BEGINNINGS if text.startswith(beginning)), None)
