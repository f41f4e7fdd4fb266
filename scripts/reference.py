"""Write the reference pages from the specs, or tell whether they are stale."""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from pathlib import Path

from headwater.cli import main as headwater
from headwater.components.catalogue import Catalogue
from headwater.config.docs import component_markdown
from headwater.config.spec import KINDS, PLURALS

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"


def printed(*words: str) -> str:
    """What the program prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = headwater(list(words))
    if status:
        raise RuntimeError(f"headwater {' '.join(words)}: status {status}")
    return out.getvalue()


def pages() -> dict[str, str]:
    """Path under the folder to text."""
    catalogue = Catalogue(entry_points=False)
    made: dict[str, str] = {}
    index = ["# Reference", "", "Written by `scripts/docs` from the specs; `headwater list` prints the same.", ""]
    index += ["* [Bloblang functions](functions.md)", "* [Bloblang methods](methods.md)", ""]
    for kind in KINDS:
        plural = PLURALS[kind]
        index += [f"## {plural.replace('_', ' ').capitalize()}", ""]
        for name in catalogue.names(kind):
            spec = catalogue.spec(kind, name)
            made[f"{plural}/{name}.md"] = component_markdown(spec).strip("\n") + "\n"
            index.append(f"* [{name}]({plural}/{name}.md): {spec.summary}")
        index.append("")
    for page, word in (("functions", "bloblang-functions"), ("methods", "bloblang-methods")):
        text = printed("list", "--format", "markdown", word).strip("\n")
        made[f"{page}.md"] = f"# Bloblang {page}\n\n{text}\n"
    made["README.md"] = "\n".join(index).strip("\n") + "\n"
    return made


def main() -> int:
    """Write the pages; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 when a page is stale")
    args = parser.parse_args()
    made = pages()
    there = {str(path.relative_to(FOLDER)): path for path in FOLDER.rglob("*.md")}
    stale = [name for name, text in made.items() if name not in there or there[name].read_text("utf-8") != text]
    gone = sorted(there.keys() - made.keys())
    if args.check:
        for name in [*stale, *gone]:
            print(f"docs/reference/{name} is stale: run scripts/docs", file=sys.stderr)
        return 1 if stale or gone else 0
    for name in stale:
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made[name], encoding="utf-8")
    for name in gone:
        there[name].unlink()
    print(f"{len(made)} pages, {len(stale)} written, {len(gone)} removed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
