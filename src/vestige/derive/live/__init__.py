"""Live databases, read only: numbers are made by the server, so that no text crosses the wire."""
