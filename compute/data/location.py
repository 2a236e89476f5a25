"""Where a data set lies: its folder and the names of its columns."""

from dataclasses import dataclass
from pathlib import Path

IMAGE, LABEL = "image", "label"


@dataclass(frozen=True)
class Location:
    """The folder of a data set (None: the default places) and the columns that hold its images and its labels."""

    folder: Path | None = None
    image_column: str = IMAGE
    label_column: str = LABEL

    @classmethod
    def of(cls, place: "Location | Path | str | None") -> "Location":
        """`place` as a Location; a bare folder has the default columns."""
        return place if isinstance(place, Location) else cls(Path(place) if place else None)

    def columns(self) -> dict[str, str]:
        """The columns that differ from the default, for a run's configuration."""
        named = {"image_column": (self.image_column, IMAGE), "label_column": (self.label_column, LABEL)}
        return {key: name for key, (name, default) in named.items() if name != default}
