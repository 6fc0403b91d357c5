"""Our own pages; lists and setup are the admin's."""

from django.urls import path

from campaigns.views import campaigns, events, exports, history, imports, segments, sends

urlpatterns = [
    path("campaigns/new/", campaigns.campaign_new, name="campaign_new"),
    path("campaigns/<int:pk>/", campaigns.campaign_detail, name="campaign_detail"),
    path("campaigns/<int:pk>/edit/", campaigns.campaign_edit, name="campaign_edit"),
    path("campaigns/<int:pk>/archive/", campaigns.campaign_archive, name="campaign_archive"),
    path("campaigns/<int:campaign_pk>/events/new/", events.event_new, name="event_new"),
    path("events/<int:pk>/", events.event_edit, name="event_edit"),
    path("events/<int:pk>/duplicate/", events.event_duplicate, name="event_duplicate"),
    path("events/<int:pk>/export/", exports.event_export, name="event_export"),
    path("events/preview/", events.event_preview, name="event_preview"),
    path("events/zones/", events.event_zones, name="event_zones"),
    path("events/people/", events.event_people, name="event_people"),
    path("segments/new/", segments.segment_new, name="segment_new"),
    path("segments/<int:pk>/", segments.segment_edit, name="segment_edit"),
    path("segments/count/", segments.segment_count, name="segment_count"),
    path("events/<int:pk>/send/<str:kind>/", sends.send_review, name="send_review"),
    path("sends/<int:pk>/", sends.send_detail, name="send_detail"),
    path("sends/<int:pk>/progress/", sends.send_progress, name="send_progress"),
    path("sends/<int:pk>/move/", sends.send_move, name="send_move"),
    path("sends/<int:pk>/<str:action>/", sends.send_action, name="send_action"),
    path("deliveries/<int:pk>/", history.delivery_detail, name="delivery_detail"),
    path("history.csv", history.history_csv, name="history_csv"),
    path("imports/new/", imports.import_new, name="import_new"),
    path("imports/<int:pk>/", imports.import_detail, name="import_detail"),
]
