"""Sealed packages: a folder as a BagIt bag that is signed, and can be checked without Vestige."""

from vestige.sealed.bag import SealSettings, seal_folder
from vestige.sealed.check import SealCheck, verify_bag, verify_walk

__all__ = ["SealCheck", "SealSettings", "seal_folder", "verify_bag", "verify_walk"]
