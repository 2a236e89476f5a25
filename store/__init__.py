"""What the experiments left behind, as one DuckDB file: artefacts, schema, build, queries, answers."""
