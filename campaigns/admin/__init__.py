"""The lists and the setup pages: one file per subject."""

from campaigns.admin import (
    accounts,
    alerts,
    api_keys,
    audience,
    audit,
    campaigns,
    credentials,
    imports,
    ledger,
    notices,
    segments,
    staff,
    webhooks,
)

__all__ = [
    "accounts",
    "alerts",
    "api_keys",
    "audience",
    "audit",
    "campaigns",
    "credentials",
    "imports",
    "ledger",
    "notices",
    "segments",
    "staff",
    "webhooks",
]
