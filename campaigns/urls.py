"""Our own pages; lists and setup are the admin's."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
