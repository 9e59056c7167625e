"""Is a template fit to be sent? What stops it, what is only worth a look, and where."""

import re
import time

import pytest

from emails import checks, markup, placeholders
from emails.checks_findings import Finding, Words
from emails.plaintext import from_html
from tests.emails.test_wording import BANNED

LINK = '<p><a class="button" href="{{CLIENT_PORTAL_LINK}}">Sign &amp; Pay</a></p>'
HOSTS = {"desk.example", "oakwood.example"}


def look(body: str = LINK, *, kind: str = "confirmation", subject: str = "Confirmed", **more: str) -> list[Finding]:
    words = Words(kind, more.pop("name", "Confirmation"), subject, body)
    return checks.look(words, hosts=HOSTS, **{"postal_address": "12 Oak St", **more})


def stops(body: str = LINK, **more: str) -> list[str]:
    return [str(finding) for finding in look(body, **more) if finding.stops]


def warnings(body: str = LINK, **more: str) -> list[str]:
    return [str(finding) for finding in look(LINK + body, **more) if not finding.stops]


def test_a_good_template_has_nothing_to_say() -> None:
    assert look() == []


# --- the link --------------------------------------------------------------------------------------------------------

NO_LINK = [
    "<p>Hello</p>",
    "<p>{{CLIENT_PORTAL_LINK}}</p>",
    '<a href="{{CLIENT_PORTAL_LINK}}"></a>',
    '<a href="https://x.example/?u={{CLIENT_PORTAL_LINK}}">Sign</a>',
    '<!-- <a href="{{CLIENT_PORTAL_LINK}}">Sign</a> -->',
    '<style><a href="{{CLIENT_PORTAL_LINK}}">Sign</a></style>',
    '<a title="{{CLIENT_PORTAL_LINK}}">Sign</a>',
    '<a href="{{COMPANY_NAME}}">Sign</a>',
]


@pytest.mark.parametrize("body", NO_LINK)
@pytest.mark.parametrize("kind", ["confirmation", "agreement", "report_ready"])
def test_a17_without_a_link_that_works_it_cannot_be_published(kind: str, body: str) -> None:
    found = [finding for finding in look(body, kind=kind) if finding.code == "link"]
    assert len(found) == 1
    assert found[0].stops
    assert found[0].holds


@pytest.mark.parametrize(
    "written", ["{{CLIENT_PORTAL_LINK}}", "{{ portal.link }}", "{{client_portal_link}}", " {{Portal.Link}} "]
)
def test_a17_both_spellings_of_the_link_count(written: str) -> None:
    assert stops(f'<a href="{written}">Sign &amp; Pay</a>') == []


def test_a17_the_line_of_a_link_that_cannot_be_pressed_is_named() -> None:
    (said,) = stops("<p>Hello</p>\n\n<p>{{CLIENT_PORTAL_LINK}}</p>")
    assert said.startswith("Line 3: The client portal link is here, but not as a link")


def test_kinds_that_need_no_link_do_without() -> None:
    assert stops("<p>Hello</p>", kind="cancelled") == []


def test_a_picture_with_words_can_be_pressed() -> None:
    image = '<img src="https://oakwood.example/b.png" alt="Sign &amp; Pay">'
    assert stops(f'<a href="{{{{CLIENT_PORTAL_LINK}}}}">{image}</a>') == []


# --- placeholders ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("CLINET_NAME", "CLIENT_NAME"),
        ("clinet_name", "client_name"),
        ("client.nam", "client.name"),
        ("PORTAL_LINK", "CLIENT_PORTAL_LINK"),
        ("Client Name", "CLIENT_NAME"),
    ],
)
def test_a18_an_unknown_placeholder_is_named_with_its_line_and_what_was_meant(written: str, meant: str) -> None:
    (said,) = stops(f"{LINK}\n<p>\nHello {{{{{written}}}}}</p>")
    assert said == f"Line 3: {{{{{written}}}}} isn’t known. Did you mean {{{{{meant}}}}}?"


def test_a18_nothing_is_suggested_where_nothing_is_near() -> None:
    assert stops(LINK + "{{settings.SECRET_KEY}}") == ["Line 1: {{settings.SECRET_KEY}} isn’t known."]


def test_a18_the_subject_is_looked_at_too() -> None:
    assert stops(subject="{{ADRESS}}") == ["Subject: {{ADRESS}} isn’t known. Did you mean {{ADDRESS}}?"]


@pytest.mark.parametrize(
    "broken",
    [
        "{{CLIENT_NAME",
        "CLIENT_NAME}}",
        "{{CLIENT_NAME}",
        "{{{{CLIENT_NAME}}",
        "{{ }}",
        "{{CLIENT_<b>NAME</b>}}",
        "{<i></i>{CLIENT_NAME}<i></i>}",
        "{<script></script>{NOPE}}",
        "&#123;&#123;NOPE&#125;&#125;",
        "&lbrace;&lbrace;NOPE}}",
    ],
)
def test_broken_braces_stop_it(broken: str) -> None:
    assert [finding.holds for finding in look(LINK + broken) if finding.stops] != []


@pytest.mark.parametrize("name", [p.name for p in placeholders.CATALOGUE])
def test_every_placeholder_is_known_in_both_spellings(name: str) -> None:
    alias = placeholders.BY_NAME[name].alias
    assert stops(f"{LINK}{{{{{name}}}}} {{{{ {alias} }}}} {{{{{name.lower()}}}}}") == []


# --- the rest --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<p>One\n<b>two</p>", "Line 2: <b> is not closed."),
        ("<div>\n<p>One</p>", "Line 1: <div> is not closed."),
        ("One\ntwo</em>", "Line 2: </em> closes nothing."),
        ("One\n<p class=", "Line 2: A tag that begins with < has no >."),
    ],
)
def test_broken_markup_stops_it_with_its_line(body: str, said: str) -> None:
    assert said in stops(body, kind="cancelled")


@pytest.mark.parametrize("subject", ["", "   ", "Hello\nBcc: all@example.com", "Hello\rx", "Hello\u2028x", "x" * 301])
def test_a_subject_is_one_line_that_is_not_empty(subject: str) -> None:
    assert [finding.field for finding in look(subject=subject) if finding.stops] == ["subject"]


def test_an_email_that_would_be_cut_stops_it() -> None:
    assert "103 KB" in "".join(stops(page="x" * 103 * 1024))
    assert stops(page="x" * 102 * 1024) == []


def test_marketing_needs_a_postal_address() -> None:
    assert "postal address" in "".join(stops("<p>Hi</p>", kind="review_request", postal_address=""))
    assert stops("<p>Hi</p>", kind="review_request") == []
    assert stops(postal_address="") == []


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ('<a href="https://evil.example/x">x</a>', "leads to evil.example, which isn’t yours"),
        ('<a href="javascript:alert(1)">x</a>', "leads nowhere"),
        ('<a href="/relative">x</a>', "leads nowhere"),
        ('<img src="https://oakwood.example/x.png">', "no alt text"),
        ("<script>x</script>", "<script> is taken out"),
        ("<p>{CLIENT_NAME}</p>", "needs two braces"),
        ('<p style="color:{{PRICE}}">x</p>', "in a style is taken out"),
        ("<p>A DISCOUNT for you</p>", "“DISCOUNT” sounds like advertising"),
    ],
)
def test_what_is_worth_a_look_does_not_stop_it(body: str, part: str) -> None:
    (said,) = warnings(body)
    assert part in said


def test_our_own_links_need_no_look() -> None:
    assert warnings('<a href="https://www.oakwood.example/">x</a><a href="mailto:a@b.example">y</a>') == []


def test_a_long_subject_is_worth_a_look() -> None:
    assert warnings(subject="x" * 60) == []
    assert "61 characters" in warnings(subject="x" * 61)[0]


def test_marketing_may_sound_like_marketing() -> None:
    words = Words("review_request", "Reviews", "An offer", "<p>A discount</p>")
    assert checks.look(words, postal_address="12 Oak St") == []


def test_findings_are_short_and_in_office_words() -> None:
    bodies = [*NO_LINK, "{{NOPE}}", "{{", "<p>", '<a href="https://e.example">x</a><img>', "<script>", "{CLIENT_NAME}"]
    for body in bodies:
        for finding in look(body, subject="", kind="confirmation", page="x" * 200_000, name=""):
            assert len(str(finding)) <= 140, finding
            assert not BANNED.search(re.sub(r"[<{].*?[>}]", "", str(finding)))


# --- what is taken out -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "nasty",
    [
        "<script>alert(1)</script>",
        '<img src="x" onerror="alert(1)" alt="x">',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="JaVa&#115;cript:alert(1)">x</a>',
        '<a href="data:text/html,x">x</a>',
        "<svg onload=alert(1)></svg>",
        "<form action=https://evil.example><input></form>",
        '<p style="background:url(https://evil.example/x)">x</p>',
        '<p style="font-size:url(https://evil.example/x)">x</p>',
        '<p style="color:expression(alert(1))">x</p>',
        "<style>@import url(https://evil.example)</style>",
        '<a style="display:none;position:fixed" href="https://a.example">x</a>',
        '<a style="font-size:0" href="https://a.example">x</a>',
        '<base href="https://evil.example">',
        '<meta http-equiv="refresh" content="0;url=https://evil.example">',
        "<iframe src=https://evil.example></iframe>",
    ],
)
def test_what_may_not_leave_is_taken_out(nasty: str) -> None:
    left = markup.clean(markup.clean_template(nasty))
    for word in ("alert", "evil", "onerror", "data:", "display", "position", "font-size", "<form", "<input", "<base"):
        assert word not in left.lower()


def test_what_emails_are_made_of_stays() -> None:
    body = (
        '<h1 style="color:#123">Hi</h1><table class="facts"><tbody><tr><td bgcolor="#fff">x</td></tr></tbody></table>'
        '<a class="button" href="{{CLIENT_PORTAL_LINK}}">Sign &amp; Pay</a><img src="https://a.example/x.png" alt="x">'
    )
    assert markup.clean_template(body) == body


def test_a_value_in_an_address_is_encoded_and_the_link_is_not() -> None:
    body = '<a href="https://maps.example/?q={{ADDRESS}}">Map</a><a href={{CLIENT_PORTAL_LINK}}>Sign</a>'
    left = markup.clean_template(body)
    assert 'href="https://maps.example/?q={{ADDRESS|url}}"' in left
    assert 'href="{{CLIENT_PORTAL_LINK}}"' in left
    assert "{{CLIENT_PORTAL_LINK}}" in from_html(left)


# --- what takes too long ---------------------------------------------------------------------------------------------

TOO_MUCH = {
    "deep": ("<div>" * 15_000, "More than 100 tags stand inside each other. Close them."),
    "left open": ("".join(f"<p><font color=#{n:03}>x</p>" for n in range(900)), "More than 100 tags are not closed"),
    "long": ("x" * 300_000, "It has 293 KB."),
    "long, and taken out": ("<!--" + "x" * 300_000 + "-->", "It has 293 KB."),
    "long once cleaned": ("&" * 100_000, "It has 488 KB."),
    "many tags": ("<" * 30_000, "It has more than 20,000 tags."),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_would_take_too_long_is_refused_before_it_is_looked_at(name: str) -> None:
    body, said = TOO_MUCH[name]
    began = time.thread_time()
    (finding,) = [one for one in look(LINK + body) if one.code != "kind"]
    assert time.thread_time() - began < 5
    assert said in str(finding)
    assert (finding.stops, finding.holds) == (True, True)


@pytest.mark.parametrize("body", ["{{" * 40_000, "{{nope}}" * 10_000, "deal " * 15_000])
def test_a_thousand_mistakes_are_said_by_the_first_few(body: str) -> None:
    began = time.thread_time()
    found = look(LINK + body)
    assert 1 <= len(found) <= placeholders.MOST_UNKNOWN + 1
    assert time.thread_time() - began < 5
