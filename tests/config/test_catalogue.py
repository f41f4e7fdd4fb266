"""Catalogues know components by name, import them late, and can be copied, extended and restricted."""

from __future__ import annotations

import subprocess
import sys

import pytest

from headwater import Config, Processor, Resources
from headwater.components.catalogue import Catalogue, component
from headwater.config.fields import spec
from headwater.config.spec import KINDS
from headwater.errors import ConfigError


@component(spec("processor", "shout", summary="Raise the voice."))
class Shout(Processor):
    """A component of somebody else."""

    def __init__(self, config: Config, resources: Resources) -> None:
        """Nothing is kept."""


def test_every_component_that_ships_can_be_imported() -> None:
    catalogue = Catalogue(entry_points=False)
    for kind in KINDS:
        for found in catalogue.specs(kind):
            assert found.kind == kind
            assert found.summary, f"{kind} {found.name} has no summary"


def test_names_are_known_without_an_import() -> None:
    program = (
        "import sys\nfrom headwater.components.catalogue import Catalogue\nc = Catalogue(entry_points=False)\n"
        "assert c.knows('processor', 'try') and c.knows('input', 'generate') and not c.knows('input', 'nope')\n"
        "assert 'try' in c.names('processor')\n"
        "assert not [name for name in sys.modules if name.startswith('headwater.components.processors.')]\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_copy_is_independent() -> None:
    original = Catalogue(entry_points=False)
    copy = original.copy()
    copy.add(Shout)
    assert copy.spec("processor", "shout").summary == "Raise the voice."
    assert not original.knows("processor", "shout")


def test_restrictions() -> None:
    catalogue = Catalogue(entry_points=False).restricted(deny=[("processor", "noop"), ("cache", "*")])
    assert not catalogue.knows("processor", "noop")
    assert catalogue.names("cache") == []
    with pytest.raises(ConfigError, match="processor type 'noop' was not recognised"):
        catalogue.spec("processor", "noop")
    only = Catalogue(entry_points=False).restricted(allow=[("input", "generate"), ("output", "*")])
    assert only.names("input") == ["generate"]
    assert only.names("processor") == []
    assert "drop" in only.names("output")
    assert only.restricted(allow=[("input", "*")]).names("input") == []


def test_other_packages_add_components(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    asked = []

    class Point:
        name = "processor.shout"
        dist = None

        def load(self) -> type:
            asked.append(self.name)
            return Shout

    monkeypatch.setattr(metadata, "entry_points", lambda group: [Point()] if group == "headwater.components" else [])
    catalogue = Catalogue()
    assert catalogue.knows("processor", "shout")
    assert "shout" in catalogue.names("processor")
    assert asked == []
    assert catalogue.create_class("processor", "shout") is Shout
