"""One file a forum package, each opening with the map of its columns."""
