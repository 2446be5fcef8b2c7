"""Figures of a study: charts by Altair, diagrams by a small layered layout; readable in print, in black and white."""
