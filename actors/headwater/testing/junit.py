"""Results of config unit tests as JUnit XML, as continuous integration servers read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from headwater.testing.results import FileResult

_UNFIT = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(path: Path, results: Sequence[FileResult]) -> None:
    """Write a suite a file; what keeps a file from being tested is an error of it. Raises: OSError."""
    root = ET.Element("testsuites")
    for result in results:
        if not result.cases and not result.problems:
            continue
        failed = sum(bool(failures) for _, failures, _ in result.cases)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=str(result.path),
            tests=str(len(result.cases)),
            failures=str(failed),
            errors=str(len(result.problems)),
            time=f"{sum(seconds for _, _, seconds in result.cases):.3f}",
        )
        for case, failures, seconds in result.cases:
            element = ET.SubElement(
                suite, "testcase", name=case.name, classname=str(result.path), time=f"{seconds:.3f}"
            )
            for failure in failures:
                _add(element, "failure", failure.text)
        for problem in result.problems:
            _add(
                ET.SubElement(suite, "testcase", name="definition", classname=str(result.path)),
                "error",
                problem,
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _add(parent: ET.Element, tag: str, text: str) -> None:
    clean = _UNFIT.sub("?", text)
    ET.SubElement(parent, tag, message=clean.splitlines()[0]).text = clean
