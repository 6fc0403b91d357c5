"""Lists of people: a file or pasted user ids becomes a list, whole or not at all."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from campaigns.importing import suppressed
from campaigns.models import PersonList
from campaigns.pipeline.record import erase
from tests import builders
from tests.views.typed import text_of

pytestmark = pytest.mark.django_db

NEW = "/lists/new/"


def upload(client, content, name="ids.csv", **typed):
    file = SimpleUploadedFile(name, content)
    return client.post(NEW, {"name": "VIPs", "file": file, "pasted": ""} | typed, follow=True)


def ids():
    return set(PersonList.objects.get().members.values_list("external_id", flat=True))


def test_a_file_becomes_a_list_and_blanks_and_repetitions_are_counted(marketer):
    response = upload(marketer, b'user_id\r\na\r\nb\r\n\r\n a \r\n"c,1"\r\n')

    people = PersonList.objects.get()
    assert ids() == {"a", "b", "c,1"}
    assert (people.people_count, people.file_name, people.created_by) == (3, "ids.csv", marketer.user)
    assert "3 user ids are kept. 1 row repeated one. 1 row was blank." in text_of(response)


def test_pasted_lines_become_a_list(marketer):
    response = marketer.post(NEW, {"name": "VIPs", "pasted": "a\r\nb\n\nb"}, follow=True)

    assert ids() == {"a", "b"}
    assert "2 user ids are kept. 1 row repeated one. 1 row was blank." in text_of(response)


def erased(name):
    person = builders.make_subscriber(external_id=name)
    keys = suppressed.keys(person.workspace_id, name)
    erase.erase(person, erase.Marks(builders.make_user("admin"), "law", keys))


def test_whoever_was_erased_is_left_out_of_a_list_and_counted(marketer):
    erased("ada")
    erased("bob")
    builders.make_subscriber(workspace=builders.make_workspace(name="Elsewhere"), external_id="bob")

    response = upload(marketer, b"ada\nada\nbob\ncy\n")

    assert ids() == {"bob", "cy"}
    assert "2 user ids are kept. 1 row repeated one. 1 was erased here and is left out." in text_of(response)


def test_a_list_of_nobody_but_the_erased_is_refused(marketer):
    erased("ada")

    assert "Everybody in it was erased here" in text_of(upload(marketer, b"ada\n"))
    assert not PersonList.objects.exists()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("\ufeffExternal ID\na".encode(), {"a"}),
        ("a\nb\n".encode("utf-16"), {"a", "b"}),
        (b"a;\nb;\n", {"a", "b"}),
        (b"a\t\t\nb\t\t", {"a", "b"}),
        ("ü\r東京\r".encode(), {"ü", "東京"}),
        (b"id\nid", {"id"}),
    ],
)
def test_what_programs_make_of_a_list_is_understood(marketer, content, found):
    upload(marketer, content)

    assert ids() == found


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "There is no user id in it. Put one in each line."),
        (b"\n \n", "There is no user id in it. Put one in each line."),
        (b"user_id\n", "There is no user id in it. Put one in each line."),
        (b"PK\x03\x04rest", "This is a ZIP or Excel file. Save the sheet as CSV (UTF-8), and upload that."),
        (b"\x1f\x8b\x08rest", "This is a gzip file. Unpack it, and upload the text file in it."),
        (b"%PDF-1.7", "This is a PDF."),
        (b"<!doctype html>", "This is a web page or XML."),
        (b'\n{"external_id": "a"}', "This is JSON."),
        (b"a\nb,Ada,x@example.com\n", "Line 2: there are 3 columns. Keep only the one with the user ids"),
        (b'a\n"b\nc\n', "Line 3: a quotation mark opens and does not close as CSV wants it."),
        (b'a\n"b"c\n', "Line 2: a quotation mark opens and does not close as CSV wants it."),
        (b"a\n4.9E+11\n", "Line 2: “4.9E+11” is a number that a spreadsheet has shortened."),
        (b"a\n" + b"x" * 256, "Line 2: a user id has at most 255 characters, and this one has 256."),
        (b"a\nb\x00c\n", "Line 2: the character U+0000 cannot be part of a user id."),
        (b"a\n" + b"x" * 20_000, "Line 2: it is too long for a user id. Put one in each line."),
        (b"a\n\xe4\n", "The file is not text in UTF-8. In Excel, save it as “CSV UTF-8”."),
        (b"\xff\xfea", "The file is not text in UTF-8."),
    ],
)
def test_what_cannot_be_read_is_told_and_nothing_is_kept(marketer, content, message):
    response = upload(marketer, content)

    assert message in text_of(response)
    assert not PersonList.objects.exists()
    assert response.context["form"]["name"].value() == "VIPs"


def test_more_than_the_most_is_refused(marketer, monkeypatch):
    monkeypatch.setattr("campaigns.forms.person_list.MOST_IDS", 3)

    assert "These are more than 3 user ids." in text_of(upload(marketer, b"a\nb\nc\nd"))
    assert "These are more than 3 user ids." in text_of(upload(marketer, b"a\n" * 9))
    assert not PersonList.objects.exists()


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"pasted": ""}, "file", "Choose a file, or paste user ids below."),
        ({"pasted": "a", "name": ""}, "name", "Fill in “Name”: it is required."),
        ({"pasted": "a", "name": "Old"}, "name", "Another list has this name. Choose a different one."),
        ({"pasted": "a\x00"}, "pasted", "Null characters are not allowed."),
    ],
)
def test_what_is_missing_is_told_at_its_field(marketer, typed, field, message):
    PersonList.objects.create(name="Old")

    response = marketer.post(NEW, {"name": "VIPs"} | typed)

    assert response.context["form"].errors[field] == [message]
    assert PersonList.objects.count() == 1


def test_a_file_and_pasted_lines_at_once_are_refused(marketer):
    assert "Give a file or paste user ids, not both." in text_of(upload(marketer, b"a", pasted="b"))
    assert not PersonList.objects.exists()


def test_a_name_that_is_taken_in_the_last_moment_is_told(marketer, monkeypatch):
    PersonList.objects.create(name="VIPs")
    monkeypatch.setattr("campaigns.forms.person_list.PersonListForm.validate_unique", lambda _form: None)

    assert "Another list has this name." in text_of(upload(marketer, b"a"))


def test_unknown_user_ids_are_counted_and_can_be_downloaded(marketer):
    builders.make_subscriber("a")
    upload(marketer, b"a\n=1+2\nx")
    people = PersonList.objects.get()

    said = text_of(marketer.get(reverse("person_list", args=[people.pk])))
    file = marketer.get(reverse("person_list_unknown", args=[people.pk]))

    assert "User ids 3 Known here 1 Not known 2 From ids.csv" in said
    assert b"".join(file).decode("utf-8-sig").splitlines() == ['"user id"', '"\'=1+2"', '"x"']


def test_a_list_says_why_a_segment_of_it_may_count_fewer(marketer):
    builders.make_subscriber("a")
    upload(marketer, b"a")

    said = text_of(marketer.get(reverse("person_list", args=[PersonList.objects.get().pk])))

    assert "A segment counts those of them who are active and have a subscription." in said


def test_pasted_lines_are_not_cut_short_by_the_browser(marketer):
    form = marketer.get(NEW).content.decode()

    assert "maxlength" not in form.partition('name="pasted"')[2].partition(">")[0]


def test_more_than_can_be_pasted_is_refused_with_the_way_out(marketer):
    response = marketer.post(NEW, {"name": "VIPs", "pasted": "x" * 900_001})

    assert "Upload them as a file instead." in text_of(response)
    assert not PersonList.objects.exists()


def test_a_list_names_its_segments_and_is_not_archived_while_they_ask_for_it(marketer):
    upload(marketer, b"a")
    people = PersonList.objects.get()
    rule = {"match": "none", "rules": [{"field": "list", "op": "is_on_list", "values": [str(people.pk)]}]}
    segment = builders.make_segment(rule, name="Not the VIPs")
    address = reverse("person_list", args=[people.pk])

    response = marketer.post(address, {"do": "archive"}, follow=True)

    assert "Segments use this list: Not the VIPs. Take it out of them first." in text_of(response)
    assert "Used by Not the VIPs" in text_of(response)
    segment.is_archived = True
    segment.save()
    assert "Archived. Segments no longer offer it." in text_of(
        marketer.post(address, {"do": "archive"}, follow=True)
    )
    assert "Brought back." in text_of(marketer.post(address, {"do": "restore"}, follow=True))


def test_an_auditor_reads_lists_and_makes_none(auditor):
    people = PersonList.objects.create(name="VIPs", people_count=0)

    assert auditor.get(reverse("person_list", args=[people.pk])).status_code == 200
    assert auditor.post(reverse("person_list", args=[people.pk]), {"do": "archive"}).status_code == 403
    assert auditor.get(NEW).status_code == 403
    assert "VIPs" in text_of(auditor.get(reverse("admin:campaigns_personlist_changelist")))
