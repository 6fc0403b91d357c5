"""The lists of the admin: rows lead to our own pages, nothing is lost by a click, junk is no error."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.audit import chain
from campaigns.models import Calendar, Campaign, Delivery, PersonList, Send
from tests import builders

LISTS = [
    "account",
    "calendar",
    "campaign",
    "delivery",
    "import",
    "segment",
    "send",
    "subscriber",
    "workspace",
]
OWN_PAGES = {
    "campaign": ("campaign_detail", "campaign_new"),
    "segment": ("segment_edit", "segment_new"),
    "import": ("import_detail", "import_new"),
    "send": ("send_detail", None),
    "delivery": ("delivery_detail", None),
}


@pytest.fixture
def world(event):
    """At least one row in every list, by model name."""
    person = builders.make_subscriber("ada", email="ada@example.com", attributes={"likes": "<b>blue"})
    builders.make_subscription(person, event.account, tags=["All <Teams>"])
    builders.make_subscription(person, rokt_id="", account_code="other")
    send = builders.make_send(event, state=Send.State.FINISHED, started_at=timezone.now())
    delivery = builders.make_delivery(send, Delivery.State.ACCEPTED, subscriber=person)
    builders.make_entry(delivery)
    return {
        "account": event.account,
        "calendar": Calendar.objects.create(account=event.account, code="offers", title="Offers"),
        "campaign": event.campaign,
        "delivery": delivery,
        "import": builders.make_import(problem_count=1_234),
        "segment": event.campaign.segment,
        "send": send,
        "subscriber": person,
        "workspace": person.workspace,
    }


def listing(model):
    return reverse(f"admin:campaigns_{model}_changelist")


def text(client, address, **query):
    response = client.get(address, query)
    assert response.status_code == 200, address
    return response.content.decode()


@pytest.mark.parametrize("model", LISTS)
def test_every_list_shows_its_rows_in_few_questions(admin, world, model, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        page = text(admin, listing(model))

    assert str(world[model].pk) in page
    assert "_selected_action" not in page


@pytest.mark.parametrize(("model", "pages"), OWN_PAGES.items())
def test_rows_and_the_add_button_lead_to_our_own_pages(admin, world, model, pages):
    row, new = pages
    pk = world[model].pk

    assert f'href="{reverse(row, args=[pk])}' in text(admin, listing(model))
    changed = admin.get(reverse(f"admin:campaigns_{model}_change", args=[pk]))
    assert changed["Location"] == reverse(row, args=[pk])
    added = admin.get(reverse(f"admin:campaigns_{model}_add"))
    if new:
        assert added["Location"] == reverse(new)
    else:
        assert added.status_code == 403


JUNK: list[dict[str, str]] = [
    *[{"p": page} for page in ("0", "-1", "abc", "1000000000", "9" * 5_000)],
    *[{"o": order} for order in ("password", "-99", "1.2.3", "junk")],
    *[{"q": asked} for asked in ("x" * 10_000, "%", "ünïcode", "a\0b", '"', "'")],
    {"all": ""},
    {"_facets": "True"},
    {"e": "1"},
]


@pytest.mark.parametrize("model", LISTS)
def test_junk_in_the_address_is_no_error(admin, world, model):
    for query in JUNK:
        assert admin.get(listing(model), query, follow=True).status_code == 200, query


@pytest.mark.parametrize("model", LISTS)
def test_what_is_not_there_is_not_found(admin, world, model):
    for pk in ("999999", "abc", "9" * 40, "0", "-1"):
        assert admin.get(f"{listing(model)}{pk}/change/").status_code == 404, pk
        assert admin.get(f"{listing(model)}{pk}/history/").status_code == 404, pk
        assert admin.get(f"{listing(model)}{pk}/delete/").status_code in (404, 403), pk


@pytest.mark.parametrize("model", ["delivery", "send", "segment", "import", "subscriber", "calendar"])
def test_what_others_refer_to_is_deleted_by_nobody(world, model):
    root = Client()
    root.force_login(User.objects.create_superuser("root"))
    address = reverse(f"admin:campaigns_{model}_delete", args=[world[model].pk])

    ticked = {"action": "delete_selected", "_selected_action": world[model].pk}

    assert root.post(address, {"post": "yes"}).status_code == 403
    root.post(listing(model), ticked)
    assert type(world[model])._default_manager.filter(pk=world[model].pk).exists()


def test_a_campaign_is_deleted_only_while_it_has_sent_nothing(world):
    root = Client()
    root.force_login(User.objects.create_superuser("root"))
    fresh = builders.make_event().campaign
    for campaign in (world["campaign"], fresh):
        root.post(reverse("admin:campaigns_campaign_delete", args=[campaign.pk]), {"post": "yes"})

    assert list(Campaign.objects.all()) == [world["campaign"]]


def test_a_subscriber_is_found_by_id_or_address_or_how_they_begin(auditor, world):
    others = [builders.make_subscriber("adam"), builders.make_subscriber("bob", email="adb@example.com")]

    def found(asked):
        response = auditor.get(listing("subscriber"), {"q": asked})
        return [row.external_id for row in response.context["cl"].result_list]

    assert found("ada") == ["ada"]
    assert found("ADA@example.com") == ["ada"]
    assert found("ad") == ["bob", "adam", "ada"]
    assert found("d") == []
    assert len(found("")) == 1 + len(others)


def test_a_subscriber_is_shown_with_everything_known_and_nothing_to_change(auditor, world):
    page = text(auditor, reverse("subscriber_detail", args=[world["subscriber"].pk]))

    assert "&quot;likes&quot;: &quot;&lt;b&gt;blue&quot;" in page
    assert "All &lt;Teams&gt;" in page
    assert "not linked" in page
    assert f"{listing('delivery')}?q=ada" in page
    assert reverse("delivery_detail", args=[world["delivery"].pk]) in page
    assert 'name="_save"' not in page


def test_a_segment_is_shown_in_words_even_where_it_is_broken(auditor, world):
    builders.make_segment({"match": "some"}, name="Broken")

    page = text(auditor, listing("segment"))

    assert "everyone" in page
    assert "A group matches" in page


def test_lists_can_be_narrowed_and_searched(auditor, world):
    for model, query in [
        ("send", {"state__exact": "finished"}),
        ("send", {"q": "summer"}),
        ("campaign", {"q": "Event_0001"}),
        ("import", {"state__exact": "waiting"}),
        ("subscriber", {"is_active__exact": "1"}),
    ]:
        assert len(auditor.get(listing(model), query).context["cl"].result_list) == 1, query


def test_staff_are_added_with_a_role_and_can_sign_in(admin):
    typed = {
        "username": "mary",
        "email": "mary@example.com",
        "groups": [Group.objects.get(name="marketer").pk],
        "usable_password": "true",
        "password1": "a long enough one",
        "password2": "a long enough one",
        "is_superuser": "1",
    }
    admin.post(reverse("admin:auth_user_add"), typed)

    mary = User.objects.get(username="mary")
    assert [group.name for group in mary.groups.all()] == ["marketer"]
    assert (mary.is_staff, mary.is_superuser) == (True, False)
    assert "marketer" in text(admin, reverse("admin:auth_user_changelist"))
    assert "a long enough one" not in LogEntry.objects.latest("pk").change_message
    browser = Client()
    assert (
        browser.post(
            reverse("admin:login"), {"username": "mary", "password": "a long enough one"}
        ).status_code
        == 302
    )


def test_a_role_is_changed_and_an_account_closed_but_nobody_is_deleted(admin):
    user = builders.make_user("auditor")
    address = reverse("admin:auth_user_change", args=[user.pk])
    assert "Roles" in text(admin, address)
    approver = Group.objects.get(name="approver")

    admin.post(
        address, {"username": user.username, "groups": [approver.pk], "is_superuser": "1", "is_staff": ""}
    )

    user.refresh_from_db()
    assert list(user.groups.all()) == [approver]
    assert (user.is_active, user.is_superuser, user.is_staff) == (False, False, True)
    assert admin.post(reverse("admin:auth_user_delete", args=[user.pk]), {"post": "yes"}).status_code == 403


def test_an_admin_does_not_climb_over_a_superuser(admin):
    root = User.objects.create_superuser("root", password="before")

    assert "superuser" in text(admin, reverse("admin:auth_user_changelist"))
    for page in ("change", "password_change"):
        response = admin.post(
            reverse(f"admin:auth_user_{page}", args=[root.pk]),
            {"password1": "after it all", "password2": "after it all"},
        )
        assert response.status_code == 403
    root.refresh_from_db()
    assert root.check_password("before")


def test_roles_are_written_in_code_not_clicked_together(admin):
    assert admin.get("/auth/group/").status_code == 404


@pytest.mark.parametrize("model", ["alert", "auditevent", "send"])
def test_a_list_is_called_what_it_holds(admin, model):
    page = text(admin, listing(model))

    assert "Select " not in page.partition("</title>")[0]


@pytest.mark.parametrize(("count", "said"), [(1, "1 event"), (3, "3 events")])
def test_the_rows_of_the_audit_chain_are_counted_in_words_that_can_be_counted(admin, count, said):
    for pk in range(count):
        chain.append("halt.made", by=admin.user, about=("halt", pk), data={})

    page = " ".join(text(admin, listing("auditevent")).split())

    assert f"> {said} <" in page
    assert f"{count} audit chain" not in page


def test_a_list_of_people_says_its_size_as_everywhere_else(admin):
    PersonList.objects.create(name="Everybody with a ticket", people_count=123_456)

    assert "123,456" in text(admin, listing("personlist"))
