"""Addresses that only take what a button sends, opened by hand: a page that says so, and leads to the button."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve

READING = ("GET", "HEAD")


def explained(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Give the 405 that a browser would show as an empty page a text (middleware); machines get it as it was."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and _is_opened_by_somebody(request):
            response.content = render_to_string("405.html", {"back": _page_above(request.path_info)}, request)
        return response

    return answer


def _is_opened_by_somebody(request: HttpRequest) -> bool:
    return request.method in READING and "text/html" in request.headers.get("Accept", "")


def _page_above(path: str) -> str:
    """Return the page whose button posts here, if there is one: its address is the beginning of this one."""
    above = path.rstrip("/").rpartition("/")[0] + "/"
    try:
        is_page = (
            above != "/" and "url" not in resolve(above).kwargs
        )  # else the admin's, which takes what is left
        return above if is_page else ""
    except Resolver404:
        return ""
