"""Measurements beside a peer or a limit of the hardware; `make bench` runs them."""
