"""The page about the thirty rows agrees with the tests whose names begin with a row."""

import ast
import re
from collections.abc import Iterator

from config.environment import BASE_DIR

ROWS = [f"a{number:02d}" for number in range(1, 31)]
LINE = re.compile(r"^\| A(\d\d) \|(.*)\|$", re.MULTILINE)


def names() -> Iterator[str]:
    """Of all tests."""
    for path in (BASE_DIR / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name


def page() -> dict[str, set[str]]:
    """By row, the tests that the page names."""
    text = (BASE_DIR / "docs" / "article.md").read_text("utf-8")
    return {f"a{number}": set(re.findall(r"`(test_\w+)`", line)) for number, line in LINE.findall(text)}


def test_every_row_is_on_the_page_once_and_in_order() -> None:
    text = (BASE_DIR / "docs" / "article.md").read_text("utf-8")
    assert [f"a{number}" for number, _ in LINE.findall(text)] == ROWS


def test_every_row_names_tests_that_exist_and_are_its_own() -> None:
    existing = set(names())
    for row, named in page().items():
        assert named, f"{row} names no test"
        assert not named - existing, f"{row} names tests that do not exist"
        assert all(name.startswith(f"test_{row}_") for name in named), row


def test_every_row_has_a_test_and_no_test_a_row_that_does_not_exist() -> None:
    rows = {found.group(1) for name in names() if (found := re.match(r"test_(a\d+)_", name))}
    assert rows == set(ROWS)
