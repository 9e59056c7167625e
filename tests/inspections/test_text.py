"""Which text may be stored, and when two spellings are the same."""

import pytest

from inspections.text import BadText, canonical, email_address, name_key, phone_key, single_line


@pytest.mark.parametrize("ch", ["\r", "\n", "\r\n", "\x0b", "\x85", "\u2028", "\u2029"])
def test_a_line_break_is_refused_with_its_remedy(ch: str) -> None:
    with pytest.raises(BadText, match="one line"):
        single_line(f"Ann{ch}Bcc: all@example.com")


@pytest.mark.parametrize("ch", ["\x00", "\x07", "\u200b", "\ufeff", "\u202e", "\u00ad", "\x7f"])
def test_an_invisible_character_is_refused(ch: str) -> None:
    with pytest.raises(BadText, match="invisible"):
        single_line(f"Ann{ch}Lee")


@pytest.mark.parametrize(
    "name", ["Zoë O’Neill-Łukasz", "李安", "محمد", "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "👩‍👧 Lee"]
)
def test_names_from_everywhere_are_kept(name: str) -> None:
    assert single_line(name) == name


def test_a_name_of_200_characters_fits_and_one_of_201_does_not() -> None:
    assert single_line("é" * 200) == "é" * 200
    with pytest.raises(BadText, match="at most 200 characters"):
        single_line("é" * 201)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ann@Gmail.COM", "Ann@gmail.com"),
        (" ann@gmail.com ", "ann@gmail.com"),
        ("mailto:ann@gmail.com", "ann@gmail.com"),
        ("ann@gmail.com.", "ann@gmail.com"),
        ("ann+oak.st@kw.com", "ann+oak.st@kw.com"),
        ("o'neill@example.com", "o'neill@example.com"),
        ("ann@bücher.example", "ann@bücher.example"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_an_address_is_tidied(typed: str, kept: str) -> None:
    assert email_address(typed) == kept


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("a@x.com, b@x.com", "one email address only"),
        ("a@x.com;b@x.com", "one email address only"),
        ("a@x.com b@x.com", "one email address only"),
        ("Ann Lee <ann@x.com>", "isn't an email address"),
        ("ann", "needs an @"),
        ("ann@gmail", "needs a dot"),
        ("a@localhost", "needs a dot"),
        ("a@[127.0.0.1]", "bracketed IP address"),
        ("a@127.0.0.1", "top-level domain"),
        ("a" * 65 + "@x.com", "too long"),
        ("a@" + "b" * 250 + ".com", "too long"),
        ("a@x.com\r\nBcc: b@x.com", "one line"),
        ("a\x00@x.com", "invisible"),
        ("a@x\u200b.com", "invisible"),
        ("a..b@x.com", "isn't an email address"),
        ('"a b"@x.com', "Quoting"),
        ("@x.com", "something before"),
        ("a@", "needs a dot"),
        ("a@x..com", "two periods"),
        ("a@-x.com", "hyphen"),
    ],
)
def test_a_wrong_address_is_refused_with_a_sentence(typed: str, said: str) -> None:
    with pytest.raises(BadText, match=said) as refused:
        email_address(typed)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    "spelling",
    ["ANN@Gmail.com", "ann@gmail.com.", "\uff41\uff4e\uff4e@gmail.com", "ann\u200b@gmail.com", " ann@gmail.com"],
)
def test_spellings_of_one_address_have_one_key(spelling: str) -> None:
    assert canonical(spelling) == "ann@gmail.com"


def test_dots_and_tags_can_be_other_people() -> None:
    assert len({canonical(a) for a in ("a.n@gmail.com", "an@gmail.com", "an+1@gmail.com")}) == 3


def test_an_international_domain_has_the_key_of_its_ascii_form() -> None:
    assert canonical("ann@BÜCHER.example") == canonical("ann@xn--bcher-kva.example")


def test_spacing_and_case_of_names_and_phones_do_not_matter() -> None:
    assert name_key(" Ann  LEE ") == name_key("ann\u00a0lee")
    assert phone_key("(217) 555-0101") == phone_key("217.555.0101") != phone_key("217 555 0102")
