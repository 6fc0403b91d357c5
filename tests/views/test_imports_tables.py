"""Importing tables on the pages: columns are asked about, tried, corrected and imported, and nothing surprises."""

import csv
import io
import secrets
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from campaigns import importing, tasks
from campaigns.importing.upload import folder
from campaigns.models import Import, ImportProblem, Subscriber
from campaigns.models.clock import now
from tests import builders

TABLE = b"Kundennummer;Vorname;Level;mail\r\nada;Ada;gold;a@example.com\r\nbob;Bob;;nonsense\r\n"
ANSWERS = {
    "meaning_0": "external_id",
    "meaning_1": "first_name",
    "meaning_2": "custom:",
    "name_2": "level",
    "meaning_3": "email",
}


@pytest.fixture
def workspace(db, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return builders.make_workspace(name="Europe")


@pytest.fixture
def started(monkeypatch):
    """The imports that a worker was asked to read."""
    asked: list[int] = []
    monkeypatch.setattr(tasks, "start_import", asked.append)
    return asked


@pytest.fixture
def uploaded(marketer, workspace, started):
    """Upload a file and return its import."""

    def upload(content=TABLE, name="people.csv"):
        fields = {"token": secrets.token_hex(16), "workspace": workspace.pk, "end": "1"}
        response = marketer.post(reverse("import_new"), {**fields, "file": SimpleUploadedFile(name, content)})
        assert response.status_code == 302, response.content.decode()
        return Import.objects.latest("pk")

    return upload


def columns(job):
    return reverse("import_columns", args=[job.pk])


def detail(job):
    return reverse("import_detail", args=[job.pk])


def text(response):
    return response.content.decode()


def tried(marketer, job, **answers):
    marketer.post(columns(job), {**ANSWERS, **answers})
    return importing.run(job.pk)


def test_a_table_is_guessed_shown_with_samples_and_tried_only_when_somebody_asks(marketer, uploaded, started):
    job = uploaded()
    page = text(marketer.get(columns(job)))

    assert started == []
    assert (job.format, job.is_dry_run) == ("csv", True)
    assert job.mapping == {
        "Kundennummer": "external_id",
        "Vorname": "first_name",
        "Level": "",
        "mail": "email",
    }
    assert "gold" in page
    assert "1 of the first 2: not an e-mail address." in page
    assert '<option value="external_id" selected>User id</option>' in page
    assert '<option value="rokt:calendar_code">Calendar code (rokt:calendar_code)</option>' in page


def test_a_table_goes_from_columns_to_people(marketer, uploaded, started):
    job = uploaded()

    job = tried(marketer, job)

    assert started == [job.pk]
    assert (job.new_count, job.problem_count, Subscriber.objects.count()) == (2, 1, 0)
    assert "Would be added: 2." in text(marketer.get(detail(job)))
    assert "What the file does not mention stays as it is." in text(marketer.get(detail(job)))
    marketer.post(detail(job), {"action": "import"})
    importing.run(job.pk)
    assert {each.external_id: each.attributes for each in Subscriber.objects.all()} == {
        "ada": {"level": "gold"},
        "bob": {},
    }
    assert not list(folder().glob("*"))
    people = text(marketer.get(detail(job))).partition('id="new-people" href="')[2].partition('"')[0]
    found = marketer.get(people.replace("&amp;", "&"))
    assert found.status_code == 200
    assert "ada" in text(found)


def test_lines_of_which_none_can_be_read_are_refused_before_anybody_is_asked_about_columns(
    marketer, workspace, started
):
    fields = {"token": secrets.token_hex(16), "workspace": workspace.pk, "end": "1"}
    file = SimpleUploadedFile("people.jsonl", b'{\n  "users": [\n    {\n"external_id": "ada"\n}\n  ]\n}\n')

    page = text(marketer.post(reverse("import_new"), {**fields, "file": file}))

    assert "None of the first lines is a person." in page
    assert not Import.objects.exists()
    assert not list(folder().glob("*"))


def test_rows_that_bring_nobody_are_told_from_those_that_lack_something(marketer, uploaded):
    job = tried(marketer, uploaded(TABLE + b"short\r\n"))

    page = text(marketer.get(detail(job)))

    assert (job.read_count, job.new_count, job.problem_count) == (3, 2, 2)
    assert "1 of 3 rows brings nobody in." in page
    assert "The other rows listed here come in, without what is wrong." in page


def test_several_rows_for_one_person_are_not_rows_that_bring_nobody(marketer, uploaded):
    job = tried(marketer, uploaded(TABLE + TABLE.partition(b"\n")[2].replace(b"Ada", b"Augusta")))

    page = text(marketer.get(detail(job)))

    assert (job.new_count, job.problem_count) == (2, 3)
    assert "Earlier rows for this user id say something else" in page
    assert "in nobody" not in page
    assert "nobody in" not in page
    assert "The rows listed here come in" in page


def test_a_file_that_brings_nothing_does_not_count_bad_rows_among_those_who_are_here(marketer, uploaded):
    first = tried(marketer, uploaded())
    marketer.post(detail(first), {"action": "import"})
    importing.run(first.pk)
    job = tried(marketer, uploaded(TABLE + b"short\r\n"))
    before = text(marketer.get(detail(job)))
    marketer.post(detail(job), {"action": "import"})
    importing.run(job.pk)
    after = text(marketer.get(detail(job)))

    assert (
        "Importing this file would change nothing: everybody in the rows that can be read is here" in before
    )
    assert "Nothing was changed: everybody in the rows that could be read was here already" in after
    assert "1 of 3 rows brings nobody in." in before


def test_what_the_columns_mean_is_said_in_the_words_of_the_question(marketer, uploaded):
    job = tried(marketer, uploaded())

    said = " ".join(text(marketer.get(detail(job))).split())

    assert "<dt>Kundennummer</dt> <dd>User id</dd>" in said
    assert "<dt>Vorname</dt> <dd>First name</dd>" in said
    assert "<dt>Level</dt> <dd>custom attribute “level”</dd>" in said


@pytest.mark.parametrize(("table", "is_told"), [(b"new-13;Ann\r\nnew-14;Bob\r\n", True), (TABLE, False)])
def test_a_table_without_names_of_columns_is_told_what_its_first_line_has_to_hold(
    marketer, uploaded, table, is_told
):
    job = uploaded(table)

    page = text(marketer.get(columns(job)))

    assert ("No column looks like the user id." in page) is is_told


def test_people_who_were_there_before_are_not_among_the_new_ones(marketer, uploaded, workspace):
    builders.make_subscriber("old", workspace=workspace)
    Subscriber.objects.update(created_at=now() - timedelta(days=1))
    job = tried(marketer, uploaded())
    marketer.post(detail(job), {"action": "import"})
    importing.run(job.pk)

    people = text(marketer.get(detail(job))).partition('id="new-people" href="')[2].partition('"')[0]
    rows = marketer.get(people.replace("&amp;", "&")).context["cl"].result_list

    assert {each.external_id for each in rows} == {"ada", "bob"}


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"meaning_0": ""}, "Say which column holds the user id"),
        ({"meaning_1": "external_id"}, "The column “Kundennummer” means this already."),
        ({"name_2": ""}, "Give the custom attribute a name."),
        ({"name_2": "x" * 256}, "Ensure this value has at most 255 characters"),
        ({"name_2": "rokt:tags"}, "“rokt:tags” is in the list; choose it there."),
        ({"meaning_1": "password"}, "Select a valid choice."),
    ],
)
def test_answers_that_do_not_fit_are_told_where_they_are(marketer, uploaded, started, answers, message):
    job = uploaded()

    response = marketer.post(columns(job), {**ANSWERS, **answers})

    assert response.status_code == 200
    assert message in text(response)
    assert started == []


def test_answers_can_be_looked_at_beside_the_samples_before_anything_is_tried(marketer, uploaded, started):
    job = uploaded()

    page = text(marketer.post(columns(job), {**ANSWERS, "meaning_1": "rokt:account_code", "look": "1"}))

    assert "2 of the first 2: no suffix after a slash" in page
    assert started == []


def test_columns_can_be_changed_after_a_try_but_not_after_the_import(marketer, uploaded):
    job = tried(marketer, uploaded())
    assert columns(job) in text(marketer.get(detail(job)))

    job = tried(marketer, job, meaning_2="")
    assert "Level" not in {name for name, meaning in job.mapping.items() if meaning}
    marketer.post(detail(job), {"action": "import"})
    before = Import.objects.get()

    marketer.post(columns(job), ANSWERS)

    assert Import.objects.get().mapping == before.mapping
    assert marketer.get(columns(job))["Location"] == detail(job)


def test_lines_of_json_are_asked_about_like_columns(marketer, uploaded):
    job = uploaded(b'{"user_id": "ada", "vip": true}\n{"user_id": "bob", "level": 7}\n', "people.txt")

    page = text(marketer.get(columns(job)))

    assert job.format == "lines"
    assert job.mapping == {"user_id": "external_id", "vip": "", "level": ""}
    assert "true" in page


def test_lines_of_json_can_be_taken_for_a_whole_export_and_back(marketer, uploaded, started):
    job = uploaded(b'{"external_id": "ada", "custom_attributes": {"a": 1}}\n', "people.txt")
    importing.run(job.pk)
    assert "Keep what the file does not mention" in text(marketer.get(detail(job)))

    response = marketer.post(detail(job), {"action": "as_lines"})

    job.refresh_from_db()
    assert response["Location"] == columns(job)
    assert (job.format, job.mapping) == ("lines", {"external_id": "external_id"})
    importing.run(job.pk)
    marketer.post(detail(job), {"action": "as_export"})
    job.refresh_from_db()
    assert (job.format, job.mapping, job.state) == ("braze", None, "waiting")


def test_an_upload_can_be_thrown_away_and_is_gone(marketer, uploaded):
    job = tried(marketer, uploaded())

    marketer.post(detail(job), {"action": "throw_away"})

    assert not list(folder().glob("*"))
    assert "Thrown away by" in text(marketer.get(detail(job)))
    assert 'value="import"' not in text(marketer.get(detail(job)))
    marketer.post(detail(job), {"action": "import"})
    assert Import.objects.get().is_dry_run


def test_a_file_that_is_gone_leads_to_uploading_another(marketer, auditor, uploaded):
    job = tried(marketer, uploaded())
    there = text(marketer.get(detail(job)))

    marketer.post(detail(job), {"action": "throw_away"})

    assert "Upload another file" not in there
    assert f'href="{reverse("import_new")}">Upload another file</a>' in text(marketer.get(detail(job)))
    assert "Upload another file" not in text(auditor.get(detail(job)))


def test_people_who_left_become_inactive_only_by_choice_and_by_the_number_that_was_shown(
    marketer, workspace, started
):
    builders.make_subscriber("gone", workspace=workspace)
    job = builders.make_import(
        workspace=workspace, state="finished", is_dry_run=True, new_count=3, left_count=1
    )

    page = text(marketer.get(detail(job)))
    stale = marketer.post(detail(job), {"action": "import", "leavers": "deactivate", "left_count": "7"})

    assert "1 of 1 active people in this workspace is not in the file" in page
    assert 'value="keep" checked' in page
    assert "has changed" in str(list(get_messages(stale.wsgi_request))[-1])
    assert Import.objects.get().is_dry_run
    marketer.post(detail(job), {"action": "import", "leavers": "deactivate", "left_count": "1"})
    assert (Import.objects.get().leavers, started) == ("deactivate", [job.pk])


def test_nobody_leaves_by_a_table_whatever_is_posted(marketer, uploaded):
    job = tried(marketer, uploaded())

    marketer.post(detail(job), {"action": "import", "leavers": "deactivate", "left_count": "0"})

    assert Import.objects.get().leavers == "keep"


def test_problems_can_be_downloaded_and_are_safe_to_open(auditor, workspace):
    job = builders.make_import(state="failed", problem_count=1)
    ImportProblem.objects.create(batch=job, place="line 2", external_id="=cmd()", message='Bad "x", really')

    response = auditor.get(reverse("import_problems", args=[job.pk]))
    rows = list(csv.reader(io.StringIO(response.getvalue().decode("utf-8-sig"))))

    assert response["Content-Disposition"] == f'attachment; filename="import-{job.pk}-problems.csv"'
    assert rows == [["where", "user id", "what is wrong"], ["line 2", "'=cmd()", 'Bad "x", really']]


def test_auditors_see_every_page_and_can_post_nothing(auditor, marketer, uploaded):
    job = tried(marketer, uploaded())
    before = Import.objects.values().get()

    assert auditor.get(reverse("import_new")).status_code == 403
    for address in (columns(job), detail(job), reverse("import_problems", args=[job.pk])):
        assert auditor.get(address).status_code == 200
    assert "<button" not in text(auditor.get(detail(job), headers={"hx-request": "true"}))
    for action in ("import", "throw_away", "as_lines", "as_export", ""):
        assert auditor.post(detail(job), {"action": action}).status_code == 403
    assert auditor.post(columns(job), ANSWERS).status_code == 403
    assert Import.objects.values().get() == before


@pytest.mark.parametrize("role", ["marketer", "approver", "admin"])
def test_everybody_who_plans_may_import(role, uploaded, request):
    job = uploaded()
    client = request.getfixturevalue(role)

    assert client.get(columns(job)).status_code == 200
    assert client.post(columns(job), ANSWERS)["Location"] == detail(job)


def test_a_file_that_is_gone_is_told_and_not_an_error(marketer, uploaded):
    job = uploaded()
    for path in folder().glob("*"):
        path.unlink()

    response = marketer.get(columns(job), follow=True)

    assert "The file cannot be opened" in text(response)


def test_a_table_as_wide_as_can_be_is_answered_in_one_post(marketer, uploaded):
    names = ",".join(["user_id", *(f"c{number}" for number in range(299))])
    job = uploaded(f"{names}\nada{',x' * 299}\n".encode())
    answers = {"meaning_0": "external_id"}
    for number in range(1, 300):
        answers |= {f"meaning_{number}": "custom:", f"name_{number}": f"c{number}"}

    assert marketer.post(columns(job), answers)["Location"] == detail(job)
    assert len(importing.run(job.pk).mapping or {}) == 300
