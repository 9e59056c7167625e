"""Makes `emails/diagnosis_learned.json` from labelled replies: `DIAGNOSIS_REPLIES=FILE python -m benchmarks._learn`."""

from __future__ import annotations

import json

from benchmarks import _replies
from emails import diagnosis_learned


def main() -> None:
    rows = _replies.ours() + _replies.named()
    counted = _replies.counts(rows)
    features = counted["features"]
    lines = [f"{json.dumps(one, ensure_ascii=False)}: {json.dumps(by)}" for one, by in features.items()]
    text = f'{{"replies": {json.dumps(counted["replies"])},\n"features": {{\n' + ",\n".join(lines) + "\n}}\n"
    diagnosis_learned.FILE.write_text(text, "utf-8")
    print(f"{len(rows)} replies, {len(features)} features, {len(text) // 1024} KB")


if __name__ == "__main__":
    main()
