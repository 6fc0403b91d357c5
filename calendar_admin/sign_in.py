"""Whoever has been signed out meanwhile signs in, and is back on the page where they were."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _


class SignInMiddleware(LoginRequiredMiddleware):
    """Django's, which leads back to the address of a form; where that only takes posts, an empty page awaits."""

    def handle_no_permission(  # type: ignore[override]  # Django answers with whatever it is given
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponse:
        """Lead back to the page that the form was on, and say that nothing was done.

        A part of a page has its whole page loaded again, or the sign-in page would stand in the middle of it.
        """
        if request.method == "GET" and request.headers.get("HX-Request"):
            return HttpResponse(headers={"HX-Refresh": "true"})
        if request.method in ("GET", "HEAD"):
            return super().handle_no_permission(request, view_func)
        messages.warning(
            request, _("You had been signed out, and nothing was done. Sign in, and do it again.")
        )
        root = request.build_absolute_uri("/")
        came_from = request.headers.get("Referer", "").partition("?")[0]
        page = f"/{came_from.removeprefix(root)}" if came_from.startswith(root) else reverse("admin:index")
        return redirect_to_login(page, self.get_login_url(view_func))
