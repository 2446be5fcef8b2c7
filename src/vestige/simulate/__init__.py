"""Synthetic forums with known truth."""
