"""The lists and the setup pages: one file per subject."""

from campaigns.admin import accounts, audience, campaigns, imports, ledger, staff

__all__ = ["accounts", "audience", "campaigns", "imports", "ledger", "staff"]
