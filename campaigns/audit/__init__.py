"""The audit chain: what was done, sealed so that a change shows."""

from campaigns.audit.chain import append, head
from campaigns.audit.checking import Report, check
from campaigns.audit.daily import catch_up
from campaigns.audit.told import digest, halted, on_person, on_send, on_setup

__all__ = [
    "Report",
    "append",
    "catch_up",
    "check",
    "digest",
    "halted",
    "head",
    "on_person",
    "on_send",
    "on_setup",
]
