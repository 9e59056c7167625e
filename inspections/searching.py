"""Words that people search with, and the columns they are looked up in.

The columns are computed by PostgreSQL itself (`GENERATED ALWAYS … STORED`), so no writer can forget them. Both sides,
column and query, see the same words: without accents, split at everything that is not a letter or a digit.
"""

import re
import unicodedata

from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db.models import Expression, F, Func, TextField, Value
from django.db.models.functions import Coalesce

_WORD = re.compile(r"[^\W_]+")
# NFKD takes accents off their letters; the first replace drops them. What is no letter or digit parts words, so that
# "ann.lee@example.com" is four words and "12-14 Oak" holds no negative number.
_VECTOR = (
    "to_tsvector('simple'::regconfig, regexp_replace(regexp_replace(normalize(%(expressions)s, NFKD), "
    r"'[\u0300-\u036f]', '', 'g'), '[^[:alnum:]]+', ' ', 'g'))"
)
_PHONE_TAILS = (10, 7, 4)  # without the country code, without the area code, the last group


def words(text: str) -> list[str]:
    """The words of a query, each once, in order; at most 12 (nobody types more, and each costs a look-up)."""
    plain = "".join(ch for ch in unicodedata.normalize("NFKD", text) if not unicodedata.combining(ch))
    return list(dict.fromkeys(_WORD.findall(plain.lower())))[:12]


def starting_with(word: str) -> SearchQuery:
    """Matches columns that hold a word beginning with `word`, one of `words()`."""
    return SearchQuery(f"'{word}':*", config="simple", search_type="raw")


def vector(*columns: str | Expression) -> Expression:
    """A text-search value over `columns`, for a generated column."""
    parts = [Coalesce(F(c), Value("")) if isinstance(c, str) else c for c in columns]
    return Func(*parts, template=_VECTOR, arg_joiner=" || ' ' || ", output_field=SearchVectorField())


def phone_tails(column: str) -> list[Expression]:
    """Digits of a phone number, whole and from each place where people start to say it."""
    digits = Func(F(column), Value(r"\D"), Value(""), Value("g"), function="regexp_replace", output_field=TextField())
    tails = [Func(digits, Value(n), function="right", output_field=TextField()) for n in _PHONE_TAILS]
    return [digits, *tails]
