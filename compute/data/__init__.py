"""Data sets as tensors: found in any layout of Parquet files, decoded once and kept, or made in memory."""

from compute.data.images import Images, png, split_off_val, stratified
from compute.data.loading import load, load_choosing
from compute.data.location import Location
from compute.data.synthetic import synthetic

__all__ = ["Images", "Location", "load", "load_choosing", "png", "split_off_val", "stratified", "synthetic"]
