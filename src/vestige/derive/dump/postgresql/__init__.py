"""Dumps of PostgreSQL: the script of pg_dump, and its archives in custom format."""
