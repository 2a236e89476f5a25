"""What the report shows; pages ask the store's queries and hold no SQL and no arithmetic beyond layout."""
