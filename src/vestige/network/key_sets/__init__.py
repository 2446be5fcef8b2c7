"""Sets of key members: who together hold a network together, or together reach most of it (Borgatti 2006)."""

from vestige.network.key_sets.find import find_key_set
from vestige.network.key_sets.result import KeySetResult
from vestige.network.key_sets.settings import KeySetMeasure, KeySetSettings

__all__ = ["KeySetMeasure", "KeySetResult", "KeySetSettings", "find_key_set"]
