"""What is new to a page that asks by itself: what is said aloud once, and whether the part beside it is sent again."""

from django.http import HttpRequest


def news(request: HttpRequest, *, said: str, shown: str) -> dict[str, bool]:
    """Return whether what a page announced last (``?said=``) and shows beside its live part (``?shown=``) is old."""
    return {
        "announces": request.GET.get("said", said) != said,
        "has_changed": request.GET.get("shown") != shown,
    }
