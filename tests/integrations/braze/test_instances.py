"""REST endpoints: the instances of Braze, and what people type in."""

import pytest

from integrations.braze.errors import AddressError
from integrations.braze.instances import INSTANCES, instance_of, rest_endpoint


@pytest.mark.parametrize("url", INSTANCES.values(), ids=INSTANCES)
def test_every_instance_is_an_endpoint_in_its_normal_form(url: str):
    assert rest_endpoint(url) == url


def test_the_instances_are_known_by_name():
    assert len(INSTANCES) == 12
    assert instance_of("https://rest.fra-02.braze.eu") == "EU-02"
    assert instance_of("https://rest.example.com") is None


@pytest.mark.parametrize(
    "text",
    [
        "https://rest.iad-01.braze.com/",
        " HTTPS://REST.IAD-01.braze.com\n",
        "rest.iad-01.braze.com",
        "https://rest.iad-01.braze.com:443",
    ],
)
def test_one_endpoint_has_one_form(text: str):
    assert rest_endpoint(text) == "https://rest.iad-01.braze.com"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must be https:// and a host name"),
        ("https://rest.iad-01.braze.com/users/track", "must be https:// and a host name"),
        ("https://me:pw@rest.iad-01.braze.com", "must be https:// and a host name"),
        ("https://rest.iad-01.braze.com?x=1", "must be https:// and a host name"),
        ("ftp://rest.iad-01.braze.com", "must be https:// and a host name"),
        ("https://[::1]", "must be https:// and a host name"),
        ("https://rest.iad-01.bräze.com", "must be https:// and a host name"),
        ("http://rest.iad-01.braze.com", "must start with https://"),
        ("https://rest.iad-01.braze.com:8443", "not a public https address"),
        ("https://localhost", "not a public https address"),
        ("https://10.0.0.1", "not an IP address"),
        ("https://127.0.0.1", "not an IP address"),
        ("http://127.0.0.1:8100", "not a public https address"),
        ("http://localhost:8100", "not a public https address"),
        ("https://sdk.iad-01.braze.com", "SDK endpoint"),
        (
            "https://dashboard-03.braze.com",
            r"dashboard\. Its REST endpoint is https://rest\.iad-03\.braze\.com",
        ),
        ("https://dashboard-01.braze.eu", r"Its REST endpoint is https://rest\.fra-01\.braze\.eu"),
        ("https://dashboard.au-01.braze.com", r"Its REST endpoint is https://rest\.au-01\.braze\.com"),
        ("https://dashboard-10.braze.com", r"Its REST endpoint is https://rest\.us-10\.braze\.com"),
        ("https://dashboard-77.braze.com", "The REST endpoint begins with rest"),
        ("https://dashboard.example.com", "The REST endpoint begins with rest"),
    ],
)
def test_what_is_no_endpoint_is_refused_in_words(text: str, words: str):
    with pytest.raises(AddressError, match=words):
        rest_endpoint(text)


def test_a_sandbox_that_is_allowed_is_called_with_http_alone():
    allowed = {"127.0.0.1:8100"}
    assert rest_endpoint("http://127.0.0.1:8100/", allowed_hosts=allowed) == "http://127.0.0.1:8100"
    for wrong in ("https://127.0.0.1:8100", "http://127.0.0.1:8101", "http://localhost:8100"):
        with pytest.raises(AddressError):
            rest_endpoint(wrong, allowed_hosts=allowed)


def test_an_allowed_place_that_is_not_of_this_machine_changes_nothing():
    with pytest.raises(AddressError):
        rest_endpoint("http://rest.example.com", allowed_hosts={"rest.example.com", "rest.example.com:80"})
