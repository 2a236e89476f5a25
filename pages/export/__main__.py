"""`python -m pages.export DIR`: write the whole report as static files; `python -m store export DIR` calls it."""

import argparse
import logging
import sys
from pathlib import Path


def main(argv: list[str] | None = None) -> int:
    """Write the export; 0, or 2 with one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m pages.export", description=__doc__)
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder to write to; it is made")
    args = parser.parse_args(argv)
    logging.disable(logging.WARNING)  # Streamlit warns that no browser takes part
    from pages.export.collect import ExportError
    from pages.export.write import write
    from store.build import build
    from store.layout import Layout
    from store.reader import open_reader
    from store.version import StoreError, reason

    try:
        from tqdm import tqdm

        layout = Layout.default()
        build(layout)
        files, unknown = write(
            open_reader(layout), args.folder, lambda views: tqdm(views, desc="exporting", unit="page", disable=None)
        )
    except ExportError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (OSError, StoreError) as error:
        print(f"error: {reason(error)}", file=sys.stderr)
        return 2
    for kind in unknown:
        print(f"warning: elements of the kind {kind} are shown in the running report only", file=sys.stderr)
    size = sum(file.stat().st_size for file in files) / 1e6
    print(f"wrote {len(files)} files, {size:.1f} MB: open {args.folder / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
