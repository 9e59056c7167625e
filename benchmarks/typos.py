"""How many slips the suggestion gets right, how often it nags, and what it costs: on the lists of tests/fixtures/typos.

A third of each ("set aside") was not looked at while the rules were made.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from emails.addresses import suggest
from tests.inspections.typo_lists import real, slips

ROUNDS = 5


def main() -> None:
    print(f"{'list':<12}{'slips':>7}{'right':>9}{'wrong':>7}{'real':>7}{'flagged':>9}")
    for label, part in (("tuned on", ""), ("set aside", "_aside")):
        pairs, domains = slips(f"slips{part}"), real(f"real{part}")
        said = [(suggest(f"ann@{typed}"), f"ann@{meant}") for typed, meant in pairs]
        right = sum(answer == meant for answer, meant in said)
        wrong = sum(answer not in (None, meant) for answer, meant in said)
        flagged = sum(suggest(f"ann@{domain}") is not None for domain in domains)
        share = f"{right / len(pairs):.1%}"
        print(f"{label:<12}{len(pairs):>7}{share:>9}{wrong:>7}{len(domains):>7}{flagged:>9}")
    print()
    _speed("slips", [typed for typed, _ in slips("slips") + slips("slips_aside")])
    _speed("real domains", real("real") + real("real_aside"))
    _speed("never seen", [f"office{number}homes.com" for number in range(500)])
    print(f"{'import, ms':<14}{min(_import() for _ in range(ROUNDS)):>9.1f}")


def _speed(label: str, domains: list[str]) -> None:
    times = []
    for _ in range(ROUNDS):
        for domain in domains:
            start = time.perf_counter()
            suggest(f"ann@{domain}")
            times.append((time.perf_counter() - start) * 1e6)
    cuts = statistics.quantiles(times, n=100)
    print(f"{label:<14}{statistics.median(times):>9.1f} µs median{cuts[98]:>9.1f} µs at 99 %")


def _import() -> float:
    code = "import time; t = time.perf_counter(); import emails.addresses; print((time.perf_counter() - t) * 1000)"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    main()
