"""Volumes, growth and concentration of activity."""
