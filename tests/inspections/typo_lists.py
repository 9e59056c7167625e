"""The lists of slips and of real domains. A third of each (by hash) is set aside: nothing was tuned on it."""

from pathlib import Path

LISTS = Path(__file__).parent.parent / "fixtures" / "typos"


def slips(name: str) -> list[tuple[str, str]]:
    """Pairs (typed, meant) of domains."""
    lines = (LISTS / f"{name}.tsv").read_text("utf-8").splitlines()[1:]
    return [(typed, meant) for typed, meant in (line.split("\t") for line in lines)]


def real(name: str) -> list[str]:
    """Domains that people have."""
    return (LISTS / f"{name}.txt").read_text("utf-8").split()
