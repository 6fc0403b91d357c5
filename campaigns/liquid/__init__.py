"""Braze's Liquid: text and one person's data in, text out. It reaches nothing but what it is given."""

from campaigns.liquid.context import Fetch
from campaigns.liquid.data import Data, Reference
from campaigns.liquid.environment import Rendered, Template, parse, references, render
from campaigns.liquid.errors import AbortedError, LiquidError
from campaigns.liquid.lint import Finding, lint
from campaigns.liquid.web import Request, Response

Aborted = AbortedError

__all__ = [
    "Aborted",
    "AbortedError",
    "Data",
    "Fetch",
    "Finding",
    "LiquidError",
    "Reference",
    "Rendered",
    "Request",
    "Response",
    "Template",
    "lint",
    "parse",
    "references",
    "render",
]
