"""Live databases, read only: numbers are made by the server; of texts only packed lists and names cross the wire."""
