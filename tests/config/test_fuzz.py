"""Whatever the text, reading it gives a stream or a ConfigError, and soon."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.components.catalogue import Catalogue
from headwater.config.service import lint_text
from headwater.config.stream import read_stream
from headwater.errors import ConfigError
from headwater.yamltext.document import parse_document

WORDS = st.sampled_from(
    (
        "input",
        "output",
        "pipeline",
        "processors",
        "label",
        "type",
        "plugin",
        "generate",
        "mapping",
        "try",
        "switch",
        "check",
        "broker",
        "outputs",
        "drop",
        "stdin",
        "scanner",
        "lines",
        "noop",
        "log",
        "message",
        "x",
    )
)
SCALARS = WORDS | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
TREES: Any = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=20
)
QUICK = settings(max_examples=150, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check_text(text: str | bytes, catalogue: Catalogue) -> None:
    """Nothing but errors of configuration comes of it, and soon."""
    started = time.thread_time()
    for chilled in (False, True):
        with contextlib.suppress(ConfigError):
            read_stream(text, catalogue, chilled=chilled, environment={})
    for lint in lint_text(text if isinstance(text, bytes) else text.encode(), catalogue, environment={}):
        str(lint)
    assert time.thread_time() - started < 1


@QUICK
@given(tree=st.dictionaries(WORDS, TREES, max_size=4))
def test_trees_of_familiar_words(tree: Any, catalogue: Catalogue) -> None:
    check_text(yaml.safe_dump(tree), catalogue)


@QUICK
@given(text=st.text(alphabet="ab:-[]{}&*!|>'\"%@`#,? \n\t${}0.~<", max_size=60))
def test_yaml_of_odd_characters(text: str, catalogue: Catalogue) -> None:
    check_text(text, catalogue)


@QUICK
@given(data=st.binary(max_size=60))
def test_bytes(data: bytes, catalogue: Catalogue) -> None:
    check_text(data, catalogue)


@QUICK
@given(tree=TREES)
def test_plain_data_survives_yaml(tree: Any) -> None:
    with contextlib.suppress(ConfigError):
        plain = parse_document(yaml.safe_dump(tree)).plain()
        assert repr(parse_document(yaml.safe_dump(plain)).plain()) == repr(plain)
