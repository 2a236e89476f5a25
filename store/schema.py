"""The schema of the DuckDB file: enums made from the vocabulary, then the tables of `schema.sql`."""

from compute.core.vocabulary import PROBLEMS, PROVENANCES, SCALES
from store.layout import SCHEMA

# in the vocabulary's order, so that a comparison of scales in SQL is one of size
ENUMS = {"problem": PROBLEMS, "scale": SCALES, "provenance": PROVENANCES}


def schema_sql() -> str:
    """The SQL statements that make an empty store."""
    quoted = {name: ", ".join(f"'{value}'" for value in values) for name, values in ENUMS.items()}
    types = [f"CREATE TYPE {name} AS ENUM ({values});" for name, values in quoted.items()]
    return "\n".join([*types, SCHEMA.read_text(encoding="utf-8")])
