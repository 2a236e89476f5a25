"""Encoded images of any kind as upright RGB pixels of 8 bits."""

import io
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from compute.file_kind import HEAD, kind

# the modes that Pillow converts to RGB without loss of meaning
RGB_MODES = ("1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "HSV")
ALPHA_MODES = ("RGBA", "LA", "PA", "RGBa", "La")


class UndecodableError(Exception):
    """An image that cannot be used; the message follows the words "the image"."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An RGB image, and what had to be decided to make it.

    `white` is the value that was taken for white in an image of more than 8 bits (1, 255 or 65535), `guessed` whether
    that was judged by the image's own values, `brightest` the largest of them. `transparent`: it was put on white.
    """

    image: Image.Image
    white: int | None = None
    guessed: bool = False
    brightest: float = 0.0
    transparent: bool = False


def decode(data: bytes) -> Picture:
    """An encoded image as RGB: turned as its EXIF orientation says, put on white where it is transparent.

    Grey images of more than 8 bits are scaled linearly. Raises UndecodableError that says what the bytes are.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            deep = image.mode in ("I", "F") or image.mode.startswith("I;")
            sixteen = image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM"))
            with suppress(Exception):  # metadata that cannot be read say nothing
                ImageOps.exif_transpose(image, in_place=True)
            return from_deep(image, 65535 if sixteen else None) if deep else from_shallow(image)
    except UndecodableError:
        raise
    except Exception as error:  # noqa: BLE001 - decoders raise OSError, RuntimeError, NotImplementedError and more
        what = kind(data[:HEAD])
        raise UndecodableError(f"is {what}" if what else f"cannot be decoded ({reason(error, data)})") from None


def reason(error: Exception, data: bytes) -> str:
    """What a decoder complained of, in one line."""
    if isinstance(error, Image.UnidentifiedImageError):
        return f"{len(data)} bytes of an unknown format that begin with {data[:8]!r}"
    return " ".join(str(error).split())[:120] or type(error).__name__


def from_shallow(image: Image.Image) -> Picture:
    """An image of 8 bits a channel, or fewer, as RGB."""
    if image.mode in ALPHA_MODES or "transparency" in image.info:
        solid = image.convert("LA").convert("RGBA") if image.mode == "La" else image.convert("RGBA")
        if solid.getextrema()[3][0] < 255:
            paper = Image.new("RGBA", solid.size, "white")
            return Picture(image=Image.alpha_composite(paper, solid).convert("RGB"), transparent=True)
        return Picture(image=solid.convert("RGB"))
    if image.mode not in RGB_MODES:
        raise UndecodableError(f"has the colour mode {image.mode}; convert it to RGB")
    return Picture(image=image.convert("RGB"))


def from_deep(image: Image.Image, white: int | None) -> Picture:
    """A grey image of 16 bits, whole numbers or floats as RGB; without `white` its own values decide what is white."""
    values = np.asarray(image).astype(np.float64)
    hidden = image.info.get("transparency")
    darkest, brightest = float(values.min()), float(values.max())
    guessed = white is None
    if guessed:
        tops = (1, 255) if image.mode == "F" else (255, 65535)
        white = next((top for top in tops if brightest <= top), None)
    if white is None or not (darkest >= 0 and brightest <= white):  # a NaN is neither
        raise UndecodableError(
            f"has {'floats' if image.mode == 'F' else 'whole numbers'} from {darkest:g} to {brightest:g}; "
            "save it with 8 bits a channel, from 0 to 255"
        )
    grey = np.round(values * (255 / white)).astype(np.uint8)
    if isinstance(hidden, int):
        grey[values == hidden] = 255
    return Picture(
        image=Image.fromarray(grey).convert("RGB"),
        white=white,
        guessed=guessed and brightest > 0,
        brightest=brightest,
        transparent=isinstance(hidden, int),
    )


class Decisions:
    """What was decided for the images of a split, counted."""

    def __init__(self):
        self.deep: Counter[int] = Counter()
        self.guessed: dict[int, float] = {}
        self.brightest: dict[int, float] = {}
        self.transparent = 0

    def add(self, picture: Picture) -> None:
        """Count a picture.

        Raises UndecodableError where its values decided on another white than those of a picture before it.
        """
        white, brightest = picture.white, picture.brightest
        self.transparent += picture.transparent
        if white is None:
            return
        self.deep[white] += 1
        self.brightest[white] = max(brightest, self.brightest.get(white, 0.0))
        if picture.guessed:
            self.guessed[white] = brightest
        if len(self.guessed) > 1:
            one, other = self.guessed.values()
            raise UndecodableError(
                f"and one before it have values up to {other:g} and {one:g}, which is no common scale; "
                "save all with 8 bits a channel"
            )

    def notes(self) -> list[str]:
        """A line for each kind of decision."""
        lines = []
        for white, many in self.deep.items():
            top = self.brightest[white]
            dark = "; if that should be white, save the images with 8 bits a channel" if top < white / 8 else ""
            lines.append(
                f"{white} is white in grey images of more than 8 bits ({many}), the brightest value is {top:g}{dark}"
            )
        return lines + ([f"transparent images ({self.transparent}) were put on white"] if self.transparent else [])
