"""Every page of ours inside the admin's shell."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from campaigns import keeping


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, title: str, status: int = 200
) -> HttpResponse:
    """Render a whole page: the shell (navigation, account menu, messages) around ``template``."""
    shell = {**admin.site.each_context(request), "title": title, "halt": keeping.open_halt()}
    return render(request, template, {**shell, **context}, status=status)
