"""The one disclosure policy, applied to every table on its way out."""
