"""manage.py import_inspections."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from inspections.models import Inspection
from tests.inspections.test_parsing import ANN, HEADER

pytestmark = pytest.mark.django_db


def run(path: Path, *options: str) -> tuple[str, str, int]:
    out, err, code = StringIO(), StringIO(), 0
    try:
        call_command("import_inspections", str(path), *options, stdout=out, stderr=err)
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    return out.getvalue(), err.getvalue(), code


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.csv"
    path.write_text(f"{HEADER}\n{ANN}\n")
    return path


def test_it_imports_and_counts(good: Path) -> None:
    assert run(good) == ("1 created, 0 updated, 0 unchanged, 0 left out.\n", "", 0)
    assert run(good) == ("0 created, 0 updated, 1 unchanged, 0 left out.\n", "", 0)


def test_a_dry_run_stores_nothing(good: Path) -> None:
    out, err, code = run(good, "--dry-run")
    assert out == "Dry run: 1 new, 0 changed, 0 unchanged, 0 can't be imported. Nothing was stored.\n"
    assert (err, code) == ("", 0)
    assert not Inspection.objects.exists()


def test_bad_lines_are_listed_good_ones_imported_and_the_exit_code_tells(tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_text(f"{HEADER}\n{ANN}\nA-2,9 Elm Ave,soon,,,,,client,Bob,bob@example.com,\n")
    for options in (("--dry-run",), ()):
        out, err, code = run(path, *options)
        assert code == 1
        assert err.startswith("Error: Line 3, starts_at: “soon” isn't a date and time.")
    assert out == "1 created, 0 updated, 0 unchanged, 1 left out.\n"


def test_a_file_that_is_no_such_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(b"PK\x03\x04")
    _, err, code = run(path)
    assert (err, code) == ("Error: This is an Excel workbook. Please save it as “CSV UTF-8” and choose that file.\n", 1)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"Could not read .*none\.csv: No such file"):
        run(tmp_path / "none.csv")


def test_it_prints_what_was_probably_meant_and_imports_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "slips.csv"
    path.write_text(f"{HEADER}\n{ANN.replace('ann@example.com', 'ann@gmial.com')}\n")
    out, err, code = run(path)
    assert err == "Note: Line 2, email: Did you mean ann@gmail.com? It says ann@gmial.com.\n"
    assert (out, code) == ("1 created, 0 updated, 0 unchanged, 0 left out.\n", 0)
