"""The lists and the setup pages: one file per subject."""

from campaigns.admin import (
    accounts,
    api_keys,
    audience,
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
    "api_keys",
    "audience",
    "campaigns",
    "credentials",
    "imports",
    "ledger",
    "notices",
    "segments",
    "staff",
    "webhooks",
]
