"""Reports that can be checked: one self-contained page."""
