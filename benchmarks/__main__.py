"""`make bench`: every benchmark, one table. `make bench ARGS="outbox"` runs those whose name holds the word."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    words = sys.argv[1:]
    names = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))
    chosen = [name for name in names if all(word in name for word in words)]
    if not chosen:
        sys.exit(f"No benchmark is called {' '.join(words)}. There are: {', '.join(names)}.")
    for name in chosen:
        print(f"\n## {name}", flush=True)
        # A process each, on servers of its own: one benchmark's warm caches must not flatter the next.
        command = [sys.executable, "-m", "config.embedded", "exec", "--", sys.executable, "-m", f"benchmarks.{name}"]
        if subprocess.call(command):
            sys.exit(f"{name} failed")


if __name__ == "__main__":
    main()
