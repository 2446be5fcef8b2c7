"""Careers: onset, frequency, duration, versatility, escalation, and the attainment of roles."""
