"""Reading a CSV file into a plan: whatever wrote it, and whatever is wrong with it."""

from decimal import Decimal

import pytest

from inspections.importing import Plan, parse
from inspections.models import Inspection
from tests.factories import DECEMBER_1, make_company

pytestmark = pytest.mark.django_db

HEADER = "external_id,address,starts_at,inspector,fee,services,notifications,role,name,email,phone"
ANN = "A-1,12 Oak St,2026-12-01 09:00,Raj Patel,$425.00,Full inspection; Radon,yes,client,Ann Lee,ann@example.com,217"


def plan_of(*lines: str, header: str = HEADER) -> Plan:
    return parse("\n".join([header, *lines]).encode())


def said(plan: Plan) -> list[str]:
    return [str(problem) for problem in plan.errors]


def warned(plan: Plan) -> str:
    return "\n".join(str(problem) for problem in plan.warnings)


def test_one_line_is_one_inspection_with_one_person() -> None:
    plan = plan_of(ANN)
    (row,) = plan.rows
    assert (plan.errors, plan.warnings, plan.refused, row.lines) == ((), (), 0, (2,))
    draft = row.draft
    assert (draft.external_id, draft.address, draft.starts_at) == ("A-1", "12 Oak St", DECEMBER_1)
    assert (draft.inspector, draft.fee, draft.notifications) == ("Raj Patel", Decimal("425.00"), True)
    assert draft.services == ("Full inspection", "Radon")
    (ann,) = draft.people
    assert (ann.role, ann.name, ann.email, ann.phone) == ("client", "Ann Lee", "ann@example.com", "217")


def test_times_are_the_companys() -> None:
    make_company(time_zone="America/New_York")
    assert plan_of(ANN).rows[0].draft.starts_at.isoformat() == "2026-12-01T09:00:00-05:00"


def test_lines_with_one_number_are_one_inspection_and_need_its_facts_once() -> None:
    plan = plan_of(ANN, "A-1,,,,,,,buyer_agent,Pat Kim,pat@kw.com,")
    (row,) = plan.rows
    assert row.lines == (2, 3)
    assert [(p.role, p.name) for p in row.draft.people] == [("client", "Ann Lee"), ("buyer_agent", "Pat Kim")]
    assert row.draft.inspector == "Raj Patel"


def test_lines_without_a_number_are_grouped_by_address_and_time() -> None:
    plan = plan_of(
        ",12 Oak St,2026-12-01 09:00,,,,,client,Ann Lee,ann@example.com,",
        ",12  OAK st,2026-12-01T15:00Z,,,,,client,Bob Lee,bob@example.com,",
        ",12 Oak St,2026-12-02 09:00,,,,,client,Cy Ray,cy@example.com,",
    )
    assert [row.lines for row in plan.rows] == [(2, 3), (4,)]
    assert plan.errors == ()


def test_lines_that_contradict_each_other_are_refused() -> None:
    plan = plan_of(ANN, "A-1,14 Elm Ave,2026-12-01 10:00,,,,,client,Bob Lee,bob@example.com,")
    assert said(plan) == [
        "Line 3, address: This differs from line 2, which is about the same inspection.",
        "Line 3, starts_at: This differs from line 2, which is about the same inspection.",
    ]
    assert (plan.rows, plan.refused) == ((), 1)


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    plan = parse(b"\xef\xbb\xbf" + f"{HEADER}\n{ANN}".encode())
    assert plan.rows[0].draft.external_id == "A-1"


def test_excels_unicode_text_is_read() -> None:
    tabbed = f"{HEADER}\n{ANN}".replace(",", "\t")
    assert parse(tabbed.encode("utf-16")).rows[0].draft.people[0].name == "Ann Lee"


def test_windows_1252_is_read_and_said() -> None:
    plan = parse(f"{HEADER}\n{ANN}".replace("Ann Lee", "Zoë O’Neill").encode("cp1252"))
    assert plan.rows[0].draft.people[0].name == "Zoë O’Neill"
    assert warned(plan) == (
        "This file isn't UTF-8, so we read it as Windows-1252. Please check accented letters. "
        "For example, is “Zoë” right?"
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_are_found_out(delimiter: str) -> None:
    plan = plan_of(ANN.replace(";", "|").replace(",", delimiter), header=HEADER.replace(",", delimiter))
    assert plan.rows[0].draft.services == ("Full inspection", "Radon")


def test_a_sep_line_from_excel_is_skipped_and_lines_keep_their_numbers() -> None:
    plan = parse(f"sep=;\n{HEADER}\n{ANN}".replace(",", ";").replace("inspection; Radon", "inspection").encode())
    assert plan.rows[0].lines == (3,)


def test_line_ends_quotes_and_empty_lines_are_no_obstacle() -> None:
    quoted = ANN.replace("12 Oak St", '"12 Oak St, ""The Oaks"", Springfield"')
    plan = parse(f"{HEADER}\r\n\r\n,,,,,,,,,,\r\n{quoted}\r\n\r\n".encode())
    assert plan.rows[0].draft.address == '12 Oak St, "The Oaks", Springfield'
    assert plan.rows[0].lines == (4,)


def test_a_quoted_line_break_in_a_cell_is_refused_and_later_lines_keep_their_numbers() -> None:
    plan = plan_of(ANN.replace("Ann Lee", '"Ann\nLee"'), ANN.replace("A-1", "A-2").replace("ann@", "a b@"))
    assert said(plan)[0] == "Line 2, name: This must fit on one line: please remove the line break."
    assert said(plan)[1].startswith("Line 4, email: This isn't an email address")


def test_columns_may_come_in_any_order_and_writing() -> None:
    plan = plan_of("Ann Lee,Client,12 Oak St,2026-12-01 09:00", header='"Name",ROLE,Address,Starts At')
    assert plan.rows[0].draft.people[0].name == "Ann Lee"


def test_a_short_line_has_empty_cells_at_its_end() -> None:
    plan = plan_of("A-1,12 Oak St,2026-12-01 09:00,,,,,client,Ann Lee")
    assert plan.rows[0].draft.people[0].email == ""


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("external_id,adress,starts_at", "There is no column “adress”. Did you mean “address”?"),
        ("external_id,address", "The column “starts_at” is missing."),
        ("name,email", "The columns “address”, “starts_at” and “role” are missing."),
        ("address,starts_at,email", "The columns “role” and “name” are missing."),
        ("address,starts_at,address", "The column “address” is there twice."),
        ("one,two,three", "The columns “address” and “starts_at” are missing."),
    ],
)
def test_wrong_columns_are_named(header: str, sentence: str) -> None:
    plan = plan_of("x,y,z", header=header)
    (problem,) = plan.errors
    assert problem.line == 1
    assert sentence in problem.text
    assert problem.text.endswith(f"The first line must name the columns: {HEADER.replace(',', ', ')}.")
    assert plan.rows == ()


def test_columns_of_other_programs_are_left_out_and_said() -> None:
    plan = plan_of(ANN + ",x,y", header=HEADER + ",notes,color")
    assert len(plan.rows) == 1
    assert warned(plan) == "We don't use the columns “notes” and “color”."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "This file is empty."),
        (b" \r\n\r\n", "This file is empty."),
        (b"\xef\xbb\xbf", "This file is empty."),
        (HEADER.encode(), "There are no lines below the column names."),
        (b"PK\x03\x04....", "This is an Excel workbook. Please save it as “CSV UTF-8” and choose that file."),
        (b"\xd0\xcf\x11\xe0....", "This is an old Excel workbook. Please save it as CSV and choose that file."),
        (b"%PDF-1.7", "This is a PDF. Please export a CSV file instead."),
        (b"\x81\x8d\x8f\x90", "This isn't a text file that we can read. Please save it as “CSV UTF-8”."),
        (b"\xff\xfe\x00", "This isn't a text file that we can read. Please save it as “CSV UTF-8”."),
        (b"x" * 5_000_001, "This file has 5.0 MB. Please use at most 5 MB."),
    ],
)
def test_what_is_no_such_file_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    plan = parse(content)
    assert said(plan) == [sentence]
    assert (plan.rows, plan.refused) == ((), 0)


def test_a_quotation_mark_that_is_never_closed_refuses_the_whole_file() -> None:
    plan = plan_of(ANN, ANN.replace("A-1", "A-2").replace("Ann Lee", '"Ann Lee'), ANN.replace("A-1", "A-3"))
    (problem,) = plan.errors
    assert problem.line == 3
    assert problem.text.startswith("The quotation marks around line 3 don't match")
    assert plan.rows == ()


def test_too_many_lines_are_refused() -> None:
    (problem,) = plan_of(*["A-1,1 Oak St,2026-12-01 09:00"] * 20_001).errors
    assert "more than 20,000 lines" in problem.text


def test_an_unquoted_comma_is_explained_and_refuses_the_inspection_whole() -> None:
    plan = plan_of(ANN.replace("12 Oak St", "12 Oak St, Springfield"), "A-1,,,,,,,client,Bob,bob@example.com,")
    assert said(plan) == [
        "Line 2: This line has 12 cells, but the first line names 11 columns. "
        "A cell with a comma inside needs quotation marks around it."
    ]
    assert (plan.rows, plan.refused) == ((), 1)


def test_good_inspections_stay_importable_beside_bad_ones_and_every_error_is_said() -> None:
    plan = plan_of(
        ANN,
        "A-2,,yesterday,,lots,,maybe,boss,,a@localhost,",
        "A-3,3 Fir Rd,2026-12-01 09:00,,,,,client,Cy Ray,cy@example.com,",
    )
    assert [row.draft.external_id for row in plan.rows] == ["A-1", "A-3"]
    assert plan.refused == 1
    assert {(p.line, p.column) for p in plan.errors} == {
        (3, column) for column in ("address", "starts_at", "fee", "notifications", "role", "name", "email")
    }


def test_an_inspection_without_an_address_is_refused() -> None:
    assert said(plan_of("A-2,,2026-12-01 09:00,,,,,,,,")) == ["Line 2, address: Please enter the address."]


BAD_CELLS = {
    "two addresses": ("email", "a@x.com, b@x.com", "one email address only"),
    "a header": ("email", "a@x.com\r\nBcc: b@x.com", "one line"),
    "65 characters before the @": ("email", "a" * 65 + "@x.com", "too long"),
    "a@localhost": ("email", "a@localhost", "needs a dot"),
    "an IP address": ("email", "a@[127.0.0.1]", "IP address"),
    "a zero-width space": ("email", "a\u200b@x.com", "invisible"),
    "NUL in a name": ("name", "Ann\x00Lee", "invisible"),
    "a line separator in a name": ("name", "Ann\u2028Lee", "one line"),
    "a zero-width space in a name": ("name", "Ann\u200bLee", "invisible"),
    "201 characters in a name": ("name", "A" * 201, "at most 200"),
    "CR in an address": ("address", "12 Oak\rSt", "one line"),
    "a long address": ("address", "1" * 301, "at most 300"),
    "a long number": ("external_id", "1" * 101, "at most 100"),
    "a long phone": ("phone", "1" * 41, "at most 40"),
    "a long service": ("services", "1" * 101, "at most 100"),
    "a negative fee": ("fee", "-1", "isn't an amount"),
    "a fee too high": ("fee", "99999999", "amount from 0"),
    "a year too early": ("starts_at", "1926-12-01 09:00", "can't be right"),
}


@pytest.mark.parametrize("case", list(BAD_CELLS))
def test_a_bad_cell_is_named_by_line_and_column(case: str) -> None:
    column, value, sentence = BAD_CELLS[case]
    cells = dict(zip(HEADER.split(","), ANN.split(","), strict=True)) | {column: value}
    line = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells.values())
    plan = parse(f"{HEADER}\r\n{line}\r\n".encode())
    (problem,) = plan.errors
    assert (problem.line, problem.column) == (2, column)
    assert sentence in problem.text
    assert plan.rows == ()


def test_the_same_person_on_two_lines_is_counted_once_and_said() -> None:
    plan = plan_of(ANN, ANN.replace("Ann Lee", "ANN LEE"))
    assert len(plan.rows[0].draft.people) == 1
    assert warned(plan) == "Line 3: The same person as on line 2: counted once."


@pytest.mark.parametrize("cell", ['=HYPERLINK("http://evil")', "+1 Main St", "-1 Main St", "@SUM(A1)"])
def test_a_formula_is_kept_as_text_and_said(cell: str) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    plan = plan_of(ANN.replace("12 Oak St", quoted).replace("Ann Lee", quoted))
    assert plan.rows[0].draft.address == plan.rows[0].draft.people[0].name == cell
    assert warned(plan).count("like a formula. It stays text.") == 2


def test_an_apostrophe_that_disarms_a_formula_is_taken_off() -> None:
    plan = plan_of(ANN.replace("12 Oak St", "'=12 Oak St").replace(",217", ",'+1 217").replace("Ann Lee", "'t Hooft"))
    draft = plan.rows[0].draft
    assert (draft.address, draft.people[0].phone, draft.people[0].name) == ("=12 Oak St", "+1 217", "'t Hooft")


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{ settings.SECRET_KEY }}", "${7*7}", "{% load x %}"])
def test_code_is_text(text: str) -> None:
    assert plan_of(ANN.replace("Ann Lee", text)).rows[0].draft.people[0].name == text


def test_month_first_dates_are_said_once() -> None:
    plan = plan_of(
        ANN.replace("2026-12-01 09:00", "12/1/2026 9:00 AM"),
        ANN.replace("A-1", "A-2").replace("2026-12-01 09:00", "12/2/2026 9:00 AM"),
    )
    assert [row.draft.starts_at.day for row in plan.rows] == [1, 2]
    assert warned(plan) == (
        "Line 2, starts_at: Dates like 12/1/2026 9:00 AM are read with the month first: December 1, 2026."
    )


def test_a16_the_offices_own_address_is_refused_with_its_line_and_a_missing_client_is_said() -> None:
    make_company(sender_email="office@oakwood.example")
    plan = plan_of(
        ANN.replace("ann@example.com", "Office@Oakwood.example"),
        ANN.replace("A-1", "A-3").replace("ann@example.com", "somebody@oakwood.example"),
        "A-2,9 Elm Ave,2026-12-01 09:00,,,,,coordinator,Tia,tia@example.com,",
    )
    assert [row.draft.external_id for row in plan.rows] == ["A-3", "A-2"]
    refused = "Line 2, email: This is your own office’s address: Ann Lee would not see the email."
    assert [str(problem) for problem in plan.errors] == [refused]
    assert "Line 4: This inspection has no client." in warned(plan)


def test_a_slip_is_asked_about_once_and_taken_where_it_was_ticked() -> None:
    typo = ANN.replace("example.com", "gmial.com")
    plan = plan_of(typo, typo.replace("A-1", "A-2"))
    assert [(slip.line, slip.typed, slip.meant) for slip in plan.slips] == [(2, "ann@gmial.com", "ann@gmail.com")]
    content = f"{HEADER}\n{typo}\n".encode()
    taken = parse(content, corrections={"ann@gmial.com": "ann@gmail.com"})
    assert taken.rows[0].draft.people[0].email == "ann@gmail.com"
    assert (taken.slips, taken.corrected) == ((), 1)


def test_parsing_stores_nothing() -> None:
    plan_of(ANN)
    assert not Inspection.objects.exists()
