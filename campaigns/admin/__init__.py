"""The lists and the setup pages: one file per subject."""

from campaigns.admin import accounts, audience, campaigns, credentials, imports, ledger, staff, webhooks

__all__ = ["accounts", "audience", "campaigns", "credentials", "imports", "ledger", "staff", "webhooks"]
