"""What machines ask: does it live, is it ready, how does it fare. No session, no personal data."""

import hmac
from collections.abc import Callable

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse

from campaigns.watch import health, metrics
from campaigns.watch.exposition import CONTENT_TYPE

READING = ("GET", "HEAD")


def machines_first(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Answer machines before anything else is done with a request (middleware).

    They ask from within, by address and past the proxy, and they ask when the database is down: neither host
    name nor https nor a session may matter.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        page = PAGES.get(request.path_info)
        return get_response(request) if page is None else _read(page, request)

    return answer


def _read(page: Callable[[HttpRequest], HttpResponse], request: HttpRequest) -> HttpResponse:
    response = page(request) if request.method in READING else HttpResponseNotAllowed(READING)
    response["Cache-Control"] = "no-store"
    return response


def live(request: HttpRequest) -> HttpResponse:
    """Answer: that is all."""
    return JsonResponse({"live": True})


def ready(request: HttpRequest) -> HttpResponse:
    """Say whether work gets done, and by name why not."""
    found = health.troubles()
    reasons = [{"name": trouble.name.lower(), "text": trouble.value} for trouble in found]
    return JsonResponse({"ready": not found, "reasons": reasons}, status=503 if found else 200)


def numbers(request: HttpRequest) -> HttpResponse:
    """Return what Prometheus reads, to whoever knows METRICS_TOKEN; without one there is no such page."""
    if not settings.METRICS_TOKEN:
        return HttpResponse(status=404)
    if not _is_known(request.headers.get("Authorization", "")):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    try:
        return HttpResponse(metrics.page(), content_type=CONTENT_TYPE)
    except Error:
        return HttpResponse(status=503)


def _is_known(authorization: str) -> bool:
    scheme, _blank, token = authorization.partition(" ")
    known = hmac.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    return known and scheme.lower() == "bearer"


PAGES = {"/healthz/live": live, "/healthz/ready": ready, "/metrics": numbers}
