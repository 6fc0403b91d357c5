"""Alerts: what is noticed, who is told, and what a broken mail server can not disturb."""
