"""Which removals break a network, beside random removals of members of like activity."""
