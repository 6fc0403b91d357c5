"""The one page of the sandbox: what this is, what has come in, which faults are on."""

from html import escape
from typing import Any

import orjson

HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Stand-in for Rokt Calendar</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
th, td { text-align: left; padding: .2rem 1.5rem .2rem 0; vertical-align: top }
code { overflow-wrap: anywhere }
</style>
<h1>Stand-in for Rokt Calendar</h1>
<p>This is a sandbox, not Rokt. It takes Rokt Calendar's calls, keeps them in memory until it stops,
and reaches nobody's calendar. It also answers Braze's calls for people and segments, all of them invented.</p>
"""
LINKS = """<h2>Look closer</h2>
<p><a href="/sandbox/log?limit=100">log</a>, <a href="/sandbox/summary">summary</a>,
<a href="/sandbox/entries">entries</a>, <a href="/sandbox/faults">faults</a>,
<a href="/sandbox/braze">Braze</a>, <a href="/sandbox/webhooks">webhooks</a>.
A subscription's calendar feed is at <code>/webcal/&lt;subscription id&gt;.ics</code>.</p>
"""


def page(summary: dict[str, Any], faults: list[dict[str, Any]]) -> str:
    """The page as HTML; everything that came from outside is escaped."""
    counts = [
        ("Requests", summary["requests"]),
        ("Events", summary["events"]),
        ("Events posted more than once", len(summary["posted_twice"])),
        ("Tokens issued", summary["tokens_issued"]),
    ]
    answers = [
        (path, ", ".join(f"{status}: {count}" for status, count in statuses.items()))
        for path, statuses in summary["paths"].items()
    ]
    on = [(fault["fault"], orjson.dumps(fault).decode()) for fault in faults]
    return (
        HEAD
        + _table("Counts", counts, empty="")
        + _table("Answers by call", answers, empty="Nothing has come in yet.")
        + _table("Faults that are on", on, empty="None: every call is answered as documented.")
        + LINKS
    )


def _table(title: str, rows: list[tuple[Any, Any]], *, empty: str) -> str:
    if not rows:
        return f"<h2>{title}</h2>\n<p>{empty}</p>\n"
    cells = "".join(
        f'<tr><th scope="row">{escape(str(name))}</th><td><code>{escape(str(value))}</code></td></tr>\n'
        for name, value in rows
    )
    return f"<h2>{title}</h2>\n<table>\n{cells}</table>\n"
