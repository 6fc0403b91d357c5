"""Every address of the web app: our own pages first, then the admin around them."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("campaigns.urls")),
    path("", admin.site.urls),
]
