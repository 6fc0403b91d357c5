"""Whole sends under a seeded storm of crashes, freezes, restarts and faults, checked against Rokt's own log."""
