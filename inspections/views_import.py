"""The import page: upload, look, import. Works without JavaScript; nothing is stored before the last step."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from inspections import csvfile, importing, uploads
from inspections.csvfile import COLUMNS, MAX_BYTES, MAX_LINES
from inspections.models import ImportUpload, User

SHOWN = 200  # of each list; the rest is counted


class UploadForm(forms.Form):
    """One CSV file."""

    file = forms.FileField(
        label="CSV file",
        allow_empty_file=True,  # refused below, in our words
        help_text=f"At most {MAX_BYTES // 10**6} MB and {MAX_LINES:,} lines.",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
        error_messages={"required": "Please choose a file.", "missing": "Please choose a file."},
    )

    def clean_file(self) -> UploadedFile:
        """Refuse what is too big, before reading it, and what is no such file at all."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            raise forms.ValidationError(
                f"This file has {(file.size or 0) / 1e6:.1f} MB. Please use at most {MAX_BYTES // 10**6} MB."
            )
        try:
            csvfile.read(file.read())
        except csvfile.Unreadable as problem:
            raise forms.ValidationError(str(problem)) from None
        file.seek(0)
        return file


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Choose a file. A good upload leads to its check, which can be reloaded."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_valid():
        file = form.cleaned_data["file"]
        upload = uploads.keep(file.read(), name=file.name or "upload.csv", by=_colleague(request))
        return redirect("importing:check", upload_id=upload.pk)
    status = 422 if form.is_bound else 200
    return render(request, "inspections/import.html", {"form": form, "columns": COLUMNS}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, upload_id: int) -> HttpResponse:
    """What the file would do, and the button that does it; afterwards, what it did."""
    upload = get_object_or_404(ImportUpload, pk=upload_id, by=request.user)
    if request.method == "POST":
        uploads.correct(upload, _taken(request, upload))
        if request.POST.get("then") == "check":
            return redirect("importing:check", upload_id=upload.pk)
        uploads.run(upload)  # False: another click is at it, and the page says so
        return redirect("importing:check", upload_id=upload.pk)
    if upload.finished_at or upload.running_since or upload.done:
        return render(request, "inspections/import_done.html", _done(upload))
    plan = uploads.plan_of(upload)
    comparison = importing.compare(plan)
    context = {
        "upload": upload,
        "plan": plan,
        "comparison": comparison,
        "errors": plan.errors[:SHOWN],
        "more_errors": len(plan.errors[SHOWN:]),
        "warnings": (comparison.warnings + plan.warnings)[:SHOWN],
        "more_warnings": len((comparison.warnings + plan.warnings)[SHOWN:]),
        "slips": plan.slips[:SHOWN],
        "more_slips": len(plan.slips[SHOWN:]),
        "rows": plan.rows[:SHOWN],
        "more_rows": len(plan.rows[SHOWN:]),
    }
    return render(request, "inspections/import_check.html", context)


def _taken(request: HttpRequest, upload: ImportUpload) -> dict[str, str]:
    """The suggestions that were ticked: addresses as in the file, and what was meant."""
    ticked = set(request.POST.getlist("take"))
    if not ticked or upload.done or upload.finished_at:
        return {}
    slips = uploads.plan_of(upload).slips
    return {slip.typed: slip.meant for slip in slips if slip.typed in ticked or "all" in ticked}


def _colleague(request: HttpRequest) -> User:
    """Whoever is signed in; LoginRequiredMiddleware lets nobody else come here."""
    user = request.user
    if not isinstance(user, User):
        raise PermissionDenied
    return user


def _done(upload: ImportUpload) -> dict[str, object]:
    result = upload.result
    left_out = [*result.get("refused", ()), *result.get("failed", ())]
    return {
        "upload": upload,
        "result": result,
        "left_out": left_out[:SHOWN],
        "left_out_count": len(result.get("failed", ())) + result.get("refused_inspections", 0),
        "more": len(left_out[SHOWN:]),
    }
