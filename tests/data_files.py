"""Small data sets as Parquet files, for the tests of compute/data."""

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

RED, BLUE = (250, 20, 20), (20, 20, 250)


def encoded(image: np.ndarray | Image.Image, form: str = "PNG", **options) -> bytes:
    """An image as the bytes of a file."""
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(buffer, form, **options)
    return buffer.getvalue()


def pictures(count: int, px: int = 8) -> np.ndarray:
    """Random RGB images, the same ones each time."""
    return np.random.default_rng(0).integers(0, 256, (count, px, px, 3), dtype=np.uint8)


def pngs(count: int, px: int = 8) -> list[bytes]:
    """`pictures` as PNG files."""
    return [encoded(image) for image in pictures(count, px)]


def hub_images(images: list[bytes | None], paths: bool = True) -> pa.Array:
    """Images as the Hub keeps them: structs of bytes and path."""
    rows = [{"bytes": data, "path": f"{i}.png" if paths else None} for i, data in enumerate(images)]
    return pa.array(rows, pa.struct([("bytes", pa.binary()), ("path", pa.string())]))


def hub_metadata(names: list[str] | dict[str, str], column: str = "label") -> dict:
    """The Hub's metadata that name the classes of a column."""
    features = {"image": {"_type": "Image"}, column: {"names": names, "_type": "ClassLabel"}}
    return {"huggingface": json.dumps({"info": {"features": features}})}


def save(file, *, labels, images=None, image="image", label="label", metadata=None) -> None:
    """A Parquet file with these labels, and as many images."""
    images = pngs(len(labels)) if images is None else images
    images = pa.array(images, pa.binary()) if isinstance(images, list) else images
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({image: images, label: labels}, metadata=metadata), file)


def save_splits(folder, *, train=(0, 1, 0, 1), test=(0, 1), val=None, **options) -> None:
    """A train, a test and perhaps a val split with these labels, one file each."""
    for split, labels in (("train", train), ("test", test), ("val", val)):
        if labels is not None:
            labels = labels if isinstance(labels, pa.Array) else list(labels)
            save(folder / f"{split}-00000-of-00001.parquet", labels=labels, **options)
