"""Files of network weights, as torch and safetensors write them, read without running any code of theirs."""

import io
import json
import math
import pickle
import pickletools
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor
from torch.serialization import safe_globals

from compute import ComputeError
from compute.file_kind import HEAD, kind

WANTED = "--weights wants a state dict of torchvision's resnet50, from torch.save or as safetensors"
SAFETENSORS_HEADER_BYTES = 100_000_000  # the format's own limit
SAFETENSORS_TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


class Foreign:
    """Stands for an object in a file whose class is not loaded (arguments, configurations, whole networks)."""

    def __init__(self, *_, **__):
        pass

    def __setstate__(self, state):
        pass

    def __setitem__(self, key, value):
        pass


def read_weights(file: Path) -> object:
    """What a file of weights holds: usually a dict of tensors, perhaps inside other dicts.

    Objects that are neither tensors nor plain Python values are `Foreign`. Raises ComputeError that says what the file
    is instead.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as raw:
            head = raw.read(HEAD)
    except OSError as error:
        raise ComputeError(unreadable(file, error)) from None
    if is_safetensors(head, size):
        return read_safetensors(file)
    if head.startswith(b"PK"):
        refuse_other_archives(file)
    elif what := kind(head):
        raise ComputeError(f"{file} is {what}; {WANTED}")
    try:
        # classes that torch's safe loader knows are loaded as they are, all others as Foreign
        with warnings.catch_warnings(), safe_globals(classes_in(file)):
            warnings.simplefilter("ignore")  # of checks that take time
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise ComputeError(
            f"{file} cannot be read: it is no file of tensors, or asks for code to be run; {WANTED}"
        ) from None
    except Exception as error:  # noqa: BLE001 - a damaged file ends in any error of torch, zipfile or pickle
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise ComputeError(f"{file} cannot be read ({reason}); {WANTED}") from None


def unreadable(file: Path, error: OSError) -> str:
    """The line for a file of weights that cannot be opened."""
    if isinstance(error, FileNotFoundError):
        return f"there is no file {file}; {WANTED}"
    return f"{file} {'is a folder' if file.is_dir() else f'cannot be read ({error.strerror})'}; {WANTED}"


def refuse_other_archives(file: Path) -> None:
    """Raise ComputeError for a zip archive that torch.save did not write, or not to its end."""
    if not zipfile.is_zipfile(file):
        raise ComputeError(f"{file} is cut short: the end of its zip archive is missing; download it again")
    with zipfile.ZipFile(file) as archive:
        names = {name.rpartition("/")[2] for name in archive.namelist()}
    if "constants.pkl" in names:
        raise ComputeError(
            f"{file} is a TorchScript archive; convert it: torch.save(torch.jit.load(FILE).state_dict(), NEW_FILE)"
        )
    if "data.pkl" not in names:
        raise ComputeError(f"{file} is a zip archive, but not of torch.save ({min(names)}); {WANTED}")


def classes_in(file: Path) -> list[type[Foreign]]:
    """A kind of Foreign for each class and function that a file of torch.save names, new (zip) or old (pickles)."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            pickled = next(name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl")
            stream, pickles = io.BytesIO(archive.read(pickled)), 1
    else:
        stream, pickles = file.open("rb"), 4  # magic number, version, system, object
    named = set()
    with stream, suppress(ValueError):  # the end of a file that has fewer pickles
        for _ in range(pickles):
            named |= {arg for code, arg, _ in pickletools.genops(stream) if code.name == "GLOBAL"}
    return [type(name, (Foreign,), {"__module__": module}) for module, _, name in (arg.partition(" ") for arg in named)]


def is_safetensors(head: bytes, size: int) -> bool:
    """Whether a file begins as safetensors do: 8 bytes with the length of a JSON header, then the header."""
    return (
        len(head) > 8
        and head[8:9] == b"{"
        and int.from_bytes(head[:8], "little") <= min(size, SAFETENSORS_HEADER_BYTES)
    )


def read_safetensors(file: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file: JSON header, little-endian data (https://huggingface.co/docs/safetensors)."""
    with file.open("rb") as raw:
        try:
            header = json.loads(raw.read(int.from_bytes(raw.read(8), "little")))
            data = raw.read()
            return {name: tensor_of(entry, data) for name, entry in header.items() if name != "__metadata__"}
        except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:120]
            raise ComputeError(
                f"{file} is a safetensors file, but damaged or cut short ({reason}); download it again"
            ) from None


def tensor_of(entry: dict, data: bytes) -> Tensor:
    """One tensor of a safetensors file; ValueError where its header does not fit the data."""
    if entry["dtype"] not in SAFETENSORS_TYPES:
        raise ValueError(f"type {entry['dtype']} is not known here")
    dtype, shape, (begin, end) = SAFETENSORS_TYPES[entry["dtype"]], entry["shape"], entry["data_offsets"]
    count = math.prod(shape)
    if not 0 <= begin <= end <= len(data) or end - begin != count * dtype.itemsize:
        raise ValueError(f"bytes {begin} to {end} of {len(data)} for {count} numbers")
    return (
        torch.frombuffer(bytearray(data[begin:end]), dtype=dtype).reshape(shape)
        if count
        else torch.empty(shape, dtype=dtype)
    )
