"""Images of every kind that people have become upright RGB pixels of 8 bits, or one line says what they are."""

import numpy as np
import pytest
from PIL import Image

from compute.data.decode import Decisions, UndecodableError, decode
from tests.data_files import BLUE, RED, encoded

PX = 16
RAMP = np.tile(np.linspace(0, 255, PX).astype(np.uint8), (PX, 1))
HALVES = np.zeros((PX, PX, 3), np.uint8)
HALVES[: PX // 2], HALVES[PX // 2 :] = RED, BLUE
# how an upright image has to be turned to be stored with each EXIF orientation
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def pixels(data: bytes) -> np.ndarray:
    image = decode(data).image
    assert image.mode == "RGB"
    return np.asarray(image).astype(int)


def grey(values: np.ndarray) -> np.ndarray:
    return values.astype(int)[..., None].repeat(3, axis=2)


@pytest.mark.parametrize(
    "image, form",
    [
        (RAMP.astype(np.uint16) * 257, "PNG"),
        (RAMP.astype(np.uint16) * 257, "TIFF"),
        (RAMP.astype(np.int32) * 257, "TIFF"),
        (RAMP.astype(np.int32), "TIFF"),
        ((RAMP / 255).astype(np.float32), "TIFF"),
        (RAMP.astype(np.float32), "TIFF"),
        (RAMP, "PNG"),
    ],
    ids=["16-bit PNG", "16-bit TIFF", "32-bit to 65535", "32-bit to 255", "float to 1", "float to 255", "8-bit"],
)
def test_grey_images_keep_their_brightness_whatever_their_depth(image, form):
    assert np.abs(pixels(encoded(image, form)) - grey(RAMP)).max() <= 1


@pytest.mark.parametrize(
    "values, says",
    [
        (np.full((4, 4), np.nan, np.float32), "floats from nan to nan"),
        (np.full((4, 4), -1.0, np.float32), "floats from -1 to -1"),
        (np.full((4, 4), 256.0, np.float32), "floats from 256 to 256"),
        (np.full((4, 4), 70_000, np.int32), "whole numbers from 70000"),
    ],
)
def test_values_without_a_known_scale_are_refused(values, says):
    with pytest.raises(UndecodableError, match=says):
        decode(encoded(values, "TIFF"))


def test_images_of_different_scales_in_one_split_are_refused():
    seen = Decisions()
    for top in (0.0, 1.0):  # black is black on every scale
        seen.add(decode(encoded(np.full((4, 4), top, np.float32), "TIFF")))
    with pytest.raises(UndecodableError, match="no common scale"):
        seen.add(decode(encoded(np.full((4, 4), 255.0, np.float32), "TIFF")))


def test_what_was_decided_is_counted():
    seen = Decisions()
    for image in (np.full((4, 4), 4095, np.uint16), RAMP, np.zeros((4, 4, 4), np.uint8)):
        seen.add(decode(encoded(image)))
    dark, transparent = seen.notes()
    assert "65535 is white" in dark and "(1), the brightest value is 4095; if that should be white" in dark
    assert transparent == "transparent images (1) were put on white"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", STORED)
def test_images_are_turned_as_exif_says(orientation, form):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(HALVES)
    stored = stored if STORED[orientation] is None else stored.transpose(STORED[orientation])
    found = pixels(encoded(stored, form, exif=exif, **({} if form in ("PNG", "TIFF") else {"quality": 95})))
    assert np.abs(found[: PX // 2 - 1] - RED).max() < 12 and np.abs(found[PX // 2 + 1 :] - BLUE).max() < 12


def test_deep_images_are_turned_too():
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = Image.fromarray(RAMP.astype(np.uint16) * 257).transpose(Image.Transpose.ROTATE_90)
    assert np.array_equal(pixels(encoded(stored, exif=exif)), grey(RAMP))


def test_exif_that_cannot_be_read_says_nothing():
    assert np.array_equal(pixels(encoded(HALVES, exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")), HALVES)


def ink(mode: str) -> bytes:
    """A black square on transparent black, as drawing programs save it."""
    image = np.zeros((PX, PX, 4), np.uint8)
    image[4:12, 4:12, 3] = 255
    return encoded(Image.fromarray(image).convert(mode))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_shows_white(mode):
    found = pixels(ink(mode))
    assert (found[4:12, 4:12] == 0).all() and (found[:4] == 255).all() and (found[:, 12:] == 255).all()


def test_half_transparency_is_mixed_with_white():
    assert abs(pixels(encoded(np.full((4, 4, 4), (0, 0, 0, 128), np.uint8)))[0, 0, 0] - 127) <= 1


@pytest.mark.parametrize(
    "data",
    [
        encoded(HALVES, transparency=BLUE),
        encoded(
            Image.fromarray(HALVES).quantize(2),
            transparency=int(np.asarray(Image.fromarray(HALVES).quantize(2))[-1, 0]),
        ),
    ],
    ids=["a colour", "a palette entry"],
)
def test_a_transparent_colour_shows_white(data):
    found = pixels(data)
    assert np.abs(found[:8] - RED).max() <= 1 and (found[8:] == 255).all()


def test_a_transparent_grey_of_16_bits_shows_white():
    values = np.full((4, 4), 5000, np.uint16)
    values[0] = 0
    found = pixels(encoded(values, transparency=0))
    assert (found[0] == 255).all() and (found[1:] == round(5000 / 257)).all()


@pytest.mark.parametrize(
    "image, form",
    [
        (Image.fromarray(HALVES).convert("CMYK"), "JPEG"),
        (Image.fromarray(HALVES).convert("YCbCr"), "TIFF"),
        (Image.fromarray(HALVES).quantize(4), "PNG"),
        (Image.fromarray(HALVES), "GIF"),
        (Image.fromarray(HALVES), "BMP"),
        (Image.fromarray(np.dstack([HALVES, np.full((PX, PX), 255, np.uint8)])), "PNG"),
    ],
    ids=["CMYK", "YCbCr", "palette", "GIF", "BMP", "opaque RGBA"],
)
def test_all_colour_modes_look_alike(image, form):
    found = decode(encoded(image, form))
    close = np.abs(np.asarray(found.image).astype(int) - HALVES)
    assert np.delete(close, [7, 8], axis=0).max() < 12 and not found.transparent


def test_a_mode_without_a_plain_meaning_is_refused():
    with pytest.raises(UndecodableError, match="colour mode LAB"):
        decode(encoded(Image.new("LAB", (4, 4)), "TIFF"))


def damaged_avif() -> bytes:
    """An AVIF file whose item data are gone: the decoder raises RuntimeError."""
    data = encoded(HALVES, "AVIF")
    return data.replace(b"iloc", b"free")


def unknown_dds() -> bytes:
    """A DDS file of a pixel format that Pillow does not know: NotImplementedError."""
    data = bytearray(encoded(HALVES, "DDS"))
    data[80:88] = (4).to_bytes(4, "little") + b"XXXX"
    return bytes(data)


@pytest.mark.parametrize(
    "data, says",
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"<html>404</html>", "is a web page"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "is an SVG drawing"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab", "is a Git LFS pointer"),
        (b"no picture", "unknown format that begin with b'no pictu'"),
        (encoded(HALVES)[:60], "cannot be decoded"),
        (encoded(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8), "JPEG")[:1500], "truncated"),
        (unknown_dds(), "cannot be decoded .Unimplemented pixel format"),
    ],
)
def test_what_is_no_image_is_named(data, says):
    with pytest.raises(UndecodableError, match=says) as caught:
        decode(data)
    assert "\n" not in str(caught.value)


def test_any_error_of_a_decoder_is_one_line(monkeypatch):
    pytest.importorskip("PIL._avif")
    with pytest.raises(UndecodableError, match="cannot be decoded"):
        decode(damaged_avif())

    def broken(*_):
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr(Image, "open", broken)
    with pytest.raises(UndecodableError, match="cannot be decoded .first line second line."):
        decode(b"anything")


def test_a_header_that_claims_a_huge_image_is_refused():
    data = bytearray(encoded(HALVES))
    data[16:24] = (20_000).to_bytes(4, "big") * 2
    import zlib

    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    with pytest.raises(UndecodableError, match="400000000 pixels"):
        decode(bytes(data))
