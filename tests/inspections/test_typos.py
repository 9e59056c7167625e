"""Did you mean ann@gmail.com? Catch the slips, never nag about a real domain."""

import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emails.addresses import suggest
from inspections.mail_domains import book, is_ending
from inspections.spelling import NEAR_KEYS, distance
from tests.inspections.typo_lists import real, slips

OFFICES = frozenset({"smithinspections.com", "oakwoodhomes.net", "kwcoastal.com"})

# --- the lists -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["slips", "slips_aside"])
def test_slips_are_caught(name: str) -> None:
    pairs = slips(name)
    answers = [(typed, meant, suggest(f"ann@{typed}")) for typed, meant in pairs]
    right = [typed for typed, meant, said in answers if said == f"ann@{meant}"]
    wrong = [(typed, said) for typed, meant, said in answers if said not in (None, f"ann@{meant}")]
    assert len(right) >= 0.97 * len(pairs)
    assert len(wrong) <= 1, wrong


@pytest.mark.parametrize("name", ["real", "real_aside"])
def test_real_domains_are_left_alone(name: str) -> None:
    assert [domain for domain in real(name) if suggest(f"ann.lee+oak@{domain}")] == []


def test_the_lists_are_long_and_apart() -> None:
    assert len(slips("slips")) + len(slips("slips_aside")) >= 250
    assert len(real("real")) + len(real("real_aside")) >= 500
    assert not {typed for typed, _ in slips("slips")} & {typed for typed, _ in slips("slips_aside")}


def test_our_own_list_never_contradicts_itself() -> None:
    assert [domain for domain in sorted(book().real) if suggest(f"ann@{domain}")] == []
    assert [domain for domain in sorted(book().real) if not is_ending(domain.rpartition(".")[2])] == []


# --- what the kinds of slips are -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ann@gmial.com", "ann@gmail.com"),
        ("ann@gmail.con", "ann@gmail.com"),
        ("ann@gmailcom", "ann@gmail.com"),
        ("ann@gmail,com", "ann@gmail.com"),
        ("ann@gmailc.om", "ann@gmail.com"),
        ("ann@gmail.com.com", "ann@gmail.com"),
        ("ann@gmail com", "ann@gmail.com"),
        ("ann@gmail", "ann@gmail.com"),
        ("ann@hotmail.co.ul", "ann@hotmail.co.uk"),
        ("ann@yaho.com.br", "ann@yahoo.com.br"),
        ("ann@tampabay.rr.con", "ann@tampabay.rr.com"),
        ("ann@tampabay.rr.cm", "ann@tampabay.rr.com"),
        ("ann@smallfirm.cmo", "ann@smallfirm.com"),
        ("ann@smallfirm.couk", "ann@smallfirm.co.uk"),
        ("ann@kw.con", "ann@kw.com"),
        ("ann@gmäil.com", "ann@gmail.com"),
        ("ann@www.gmail.com", "ann@gmail.com"),
    ],
)
def test_a_slip_gets_the_whole_corrected_address(typed: str, meant: str) -> None:
    assert suggest(typed) == meant


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [
        ("mailto:ann@gmail.com", "ann@gmail.com"),
        ("mailto:Ann.Lee@gmial.com", "Ann.Lee@gmail.com"),
        ("ann.@gmail.com", "ann@gmail.com"),
        ("ann,@gmail.com", "ann@gmail.com"),
        ("ann@gmail.com,", "ann@gmail.com"),
        ("<ann@gmail.com>", "ann@gmail.com"),
        ("ann@@gmail.com", "ann@gmail.com"),
    ],
)
def test_what_was_pasted_along_is_taken_off(pasted: str, meant: str) -> None:
    assert suggest(pasted) == meant


@pytest.mark.parametrize(
    "address",
    [
        "Ann@GMAIL.com",
        "ann@gmail.com.",
        " ann@gmail.com ",
        "\uff41nn@\uff47mail.com",
        "ann\u200b@gmail.com",
        "a.n.n+x@gmail.com",
    ],
)
def test_another_spelling_of_the_same_address_is_no_slip(address: str) -> None:
    assert suggest(address) is None


@pytest.mark.parametrize(
    "address",
    ["", "@", "ann", "ann@", "@gmial.com", "a@gmial.com, b@gmial.com", "ann lee@gmial.com", "a@b@gmial.com", "x" * 500],
)
def test_what_is_no_single_address_has_no_suggestion(address: str) -> None:
    assert suggest(address) is None


@pytest.mark.parametrize("domain", ["emaildomain.co", "firma.co", "shop.om", "telecom.cm", "mail.co", "hey.co"])
def test_a_country_ending_is_a_slip_only_at_the_big_providers(domain: str) -> None:
    assert suggest(f"ann@{domain}") is None


@pytest.mark.parametrize(
    "domain", ["oldtown.homes", "lee.realtor", "smith.house", "x.example", "a.local", "b.\u0440\u0444"]
)
def test_every_ending_that_exists_is_right(domain: str) -> None:
    assert suggest(f"ann@{domain}") is None


@pytest.mark.parametrize("domain", ["mall.com", "chatter.net", "hotmart.com", "outback.com", "xyz.qqqq"])
def test_no_clear_correction_is_no_correction(domain: str) -> None:
    assert suggest(f"ann@{domain}") is None


# --- domains that took mail here -------------------------------------------------------------------------------------


def test_a_domain_that_took_mail_is_never_questioned() -> None:
    assert suggest("ann@gmial.com", known_domains=frozenset({"gmial.com"})) is None
    assert suggest("ann@mail.gmial.com", known_domains=frozenset({"gmial.com"})) is None


def test_a_slip_is_corrected_towards_a_domain_that_took_mail() -> None:
    assert suggest("ann@smithinspecttions.com") is None
    assert suggest("ann@smithinspecttions.com", known_domains=OFFICES) == "ann@smithinspections.com"
    assert suggest("ann@oakwodhomes.ner", known_domains=OFFICES) == "ann@oakwoodhomes.net"


def test_one_and_several_of_a_thing_are_two_firms() -> None:
    assert suggest("ann@smithinspection.com", known_domains=OFFICES) is None


# --- robustness ------------------------------------------------------------------------------------------------------


@given(st.text(max_size=80), st.frozensets(st.text(max_size=30), max_size=4))
@example("\ud800@gmial.com", frozenset())
@example("a@" + "." * 60, frozenset({"", "."}))
@example("a@\u0130\u00df.con", frozenset({"a.b"}))
def test_no_text_ever_raises(text: str, known: frozenset[str]) -> None:
    for address in (text, f"ann@{text}", f"{text}@gmial.com", f"ann@{text}.con"):
        said = suggest(address, known_domains=known)
        assert said is None or (said == suggest(address, known_domains=known) and "@" in said)


@given(st.sampled_from([meant for _, meant in slips("slips")]), st.data())
def test_a_suggestion_is_never_corrected_again(domain: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(domain) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz.,-0"))
    said = suggest(f"ann@{domain[:at]}{letter}{domain[at + 1 :]}")
    assert said is None or suggest(said) is None


def test_it_works_without_django_and_reads_nothing_when_imported() -> None:
    code = (
        "import sys; from emails.addresses import suggest; assert 'django' not in sys.modules;"
        "print(suggest('ann@gmial.com')); assert 'django' not in sys.modules"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "ann@gmail.com\n"


def test_slips_of_the_finger_cost_less_than_other_letters() -> None:
    assert distance("gmial", "gmail") < distance("gmaul", "gmail") < distance("gmabl", "gmail")
    assert distance("gmaill", "gmail") < distance("gmaixl", "gmail")
    assert distance("nail", "mail") > distance("maul", "mail")
    assert {"as", "sa", "qa", "sz", "mk"} <= NEAR_KEYS
    assert "ap" not in NEAR_KEYS


@pytest.mark.parametrize("name", ["comcast", "verizon", "att", "cox", "bellsouth", "earthlink"])
def test_a_slip_of_an_ending_leads_to_where_the_mailboxes_are(name: str) -> None:
    assert suggest(f"ann@{name}.con") == f"ann@{name}.net"
    assert suggest(f"ann@{name}.con", known_domains=frozenset({f"{name}.com"})) == f"ann@{name}.com"
