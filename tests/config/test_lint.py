"""Lint finds what is wrong, and says where."""

from __future__ import annotations

import pytest

from headwater.components.catalogue import Catalogue
from headwater.config.lint import LintOptions
from headwater.config.service import lint_text
from headwater.config.stream import read_stream
from headwater.errors import SyntaxProblem

GOOD = "input:\n  generate:\n    mapping: root = 1\noutput:\n  drop: {}\n"

LABEL = r"should match the regular expression /^[a-z0-9_\-]+$/ and must not start with an underscore"
FOR_EVER = (
    "a 'switch' output with a 'reject' case output must have the field 'switch.retry_until_success' set to 'false', "
    "otherwise the 'reject' child output will result in infinite retries"
)
UNDECODED = "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into bool"


def lint(text: str, catalogue: Catalogue, **options: object) -> list[str]:
    return [str(found) for found in lint_text(text.encode(), catalogue, options=LintOptions(**options))]  # type: ignore[arg-type]


def test_a_good_configuration_is_clean(catalogue: Catalogue) -> None:
    assert lint(GOOD, catalogue) == []


@pytest.mark.parametrize(
    ("processor", "lints"),
    [
        ("- log: {mesage: x}", ["(8,1) field mesage not recognised"]),
        ("- log: {}\n      nope: 1", ["(9,1) field nope is invalid when the component type is log (processor)"]),
        ("- log: {level: loud}", ["(8,1) value loud is not a valid option for this field"]),
        ("- log: {level: info}", []),
        ("- log: 5", ["(8,1) expected object value, got !!int"]),
        ("- try: {}", ["(8,1) expected array value"]),
        ("- try: [nope: {}]", ["(8,1) unable to infer component type: nope"]),
        ("- try: [{nope: {}, also: 1}]", ["(8,1) unable to infer component type: [nope also]"]),
        ("- try: [{noop: {}, log: {}}]", ["(8,1) unable to infer component type: [noop log]"]),
        ("- everything: {inner: {}}", ["(8,1) field must is required"]),
        ("- everything: {order: [a]}", ["(8,1) expected array value"]),
        ("- everything: {timeout: [1s]}", ["(8,1) expected string value"]),
        ("- everything: {branches: {a: {from: 1, x: 2}}}", ["(8,1) field x not recognised"]),
        ("- everything: {fresh: 1}", ["(8,1) field fresh not recognised"]),
        ("- noop: {anything: goes}", []),
        (
            "- label: Bad\n      noop: {}",
            [
                r"(8,1) invalid label 'Bad': should match the regular expression /^[a-z0-9_\-]+$/ "
                "and must not start with an underscore"
            ],
        ),
        ("- label: x\n      resource: y", ["(8,1) label field should be omitted when pointing to a resource"]),
        (
            "- label: a\n      noop: {}\n    - label: a\n      noop: {}",
            ["(10,1) label 'a' collides with a previously defined label at line 8"],
        ),
        ("- mapping: root = this.foo(", ["(8,33) required: expected function argument, but reached end of input"]),
        (
            "- mapping: |\n        root.a = 1\n        root.b = (",
            ["(11,17) expected query, but reached end of input"],
        ),
        ("- type: noop\n      plugin: {a: 1}", []),
        ("- noop: {}\n      plugin: {a: 1}", ["(9,1) plugin object is ineffective"]),
        ("- nope: {}", ["(8,1) unable to infer processor type from candidates: [nope]"]),
        ("- {noop: {}, log: {}}", ["(8,1) unable to infer processor type, multiple candidates 'log' and 'noop'"]),
        ("- {}", ["(8,1) an explicit processor type must be specified"]),
        ("- type: nope", ["(8,1) processor type 'nope' was not recognised"]),
        ("- 5", ["(8,1) invalid type !!int, expected object"]),
    ],
)
def test_processors(processor: str, lints: list[str], catalogue: Catalogue) -> None:
    text = "input:\n  generate:\n    mapping: root = 1\noutput:\n  drop: {}\npipeline:\n  processors:\n    " + processor
    assert lint(text + "\n", catalogue) == lints


@pytest.mark.parametrize(
    ("text", "lints"),
    [
        ("nope: 1\n", ["(1,1) field nope not recognised"]),
        ("", ["(0,1) expected object value, got !!null"]),
        ("- a\n", ["(1,1) expected object value, got !!seq"]),
        ("input: 5\n", ["(1,1) invalid type !!int, expected object"]),
        ("input:\n  generate: {}\n", ["(2,1) field mapping is required"]),
        ("input:\n  stdin: {}\n  processors: []\n", ["(3,1) field processors is empty and can be removed"]),
        ("pipeline: 5\n", ["(1,1) expected object value, got !!int"]),
        (
            "pipeline: {processors: 5}\n",
            ["(1,1) field 'pipeline': field 'processors': line 1: expected array value, got !!int"],
        ),
        (
            "logger: {level: {a: 1}}\n",
            [
                "(1,1) field 'logger': field 'level': yaml: unmarshal errors:\n"
                "  line 1: cannot unmarshal !!map into string"
            ],
        ),
        (
            "http:\n  cors:\n    allowed_origins: [{a: 1}]\n",
            [
                "(1,1) field 'http': field 'cors': field 'allowed_origins': yaml: unmarshal errors:\n"
                "  line 3: cannot unmarshal !!map into string"
            ],
        ),
        (
            "output: {stdout: {}, drop: {}, broker: {}}\n",
            ["(1,1) unable to infer output type, multiple candidates 'drop' and 'stdout'"],
        ),
        ("output: {b: 1, a: 2, b: 3}\n", ["(1,1) unable to infer output type from candidates: [a b b]"]),
        ("cache_resources:\n  - memory: {}\n", ["(2,1) the label field for resources must be unique and not empty"]),
        (
            "buffer:\n  label: x\n  none: {}\n",
            ["(2,1) field label is invalid when the component type is none (buffer)"],
        ),
        ("metrics:\n  prometheus: {}\n  mapping: root = (\n", ["(3,21) expected query, but reached end of input"]),
        ("output:\n  stdout: {codec: whatever}\n", []),
        ("a: b: c\n", ["(1,1) yaml: mapping values are not allowed in this context"]),
        (
            "input:\n  stdin: {codec: ${NOT_SET_AT_ALL}}\n",
            ["(1,1) required environment variables were not set: [NOT_SET_AT_ALL]"],
        ),
        ("# BENTHOS LINT DISABLE\nnope: 1\n", []),
        ("x: &a {drop: {}}\noutput: *a\n", ["(1,1) field x not recognised"]),
        ("input: &a\n  generate: *a\n", ["(1,1) field mapping is required"]),
        ("http: {enabled: [a]}\npipeline: {threads: x}\n", ["(1,1) field 'http': field 'enabled': " + UNDECODED]),
        (
            "pipeline: {threads: x}\nhttp: {enabled: [a]}\n",
            ["(1,1) field 'pipeline': field 'threads': " + UNDECODED.replace("!!seq into bool", "!!str `x` into int")],
        ),
        (
            "logger: {static_fields: [a]}\n",
            ["(1,1) field 'logger': field 'static_fields': line 1: expected map value, got !!seq"],
        ),
        (
            "input: 5\ntests: [{nme: x}]\n",
            ["(1,1) field 'tests': field 'name' is required and was not present in the config"],
        ),
        ("x: !!int y\n", ["(1,1) yaml: cannot decode !!str `y` as a !!int"]),
        (
            "x:\n  a: 1\n  a: 2\n",
            ['(1,1) yaml: unmarshal errors:\n  line 3: mapping key "a" already defined at line 2'],
        ),
        (
            "pipeline: {threads: !!int x}\n",
            ["(1,1) field 'pipeline': field 'threads': yaml: cannot decode !!str `x` as a !!int"],
        ),
        ("input: {generate: {mapping: !!int 'root = ('}}\n", []),
        ("tests: [{name: x, nope: 1}]\n", ["(1,1) field nope not recognised"]),
        (
            "cache_resources: [{label: 5, memory: {}}]\n",
            ["(1,1) the label field for resources must be unique and not empty"],
        ),
    ],
)
def test_files(text: str, lints: list[str], catalogue: Catalogue) -> None:
    assert lint(text, catalogue) == lints


@pytest.mark.parametrize(
    ("output", "lints"),
    [
        ("{drop: {}, plugin: 5}", ["plugin object is ineffective", "expected object value, got !!int"]),
        ("{type: drop, plugin: 5}", ["expected object value, got !!int", "expected object value, got !!int"]),
        ("{label: a, nope: 1}", ["unable to infer component type: [label nope]"]),
        ("{nope: 1, reject: a, drop: {}}", ["unable to infer component type: [nope reject drop]"]),
        ("{type: '', drop: {}}", ["unable to infer component type: []"]),
        ("{drop: {}, type: ''}", []),
        ("{nope: 1, type: [a]}", ["unable to infer component type: nope"]),
        ("[drop, {}, nope, 5]", ["field nope is invalid when the component type is drop (output)"]),
        ("[type, nope]", ["failed to obtain docs for output type nope"]),
        ("{type: drop, drop: {}, label: [a]}", ["expected string value"]),
        ("{resource: x, label: a}", ["label field should be omitted when pointing to a resource"]),
        ("{resource: 5, label: a}", []),
        (
            "{type: drop, resource: x, label: a}",
            [
                "field resource is invalid when the component type is drop (output)",
                "label field should be omitted when pointing to a resource",
            ],
        ),
        ("{drop: {}, label: -a}", [f"invalid label '-a': {LABEL}"]),
        ("{socket: {network: ~, address: a}}", ["value  is not a valid option for this field"]),
        ("{switch: {retry_until_success: yes, cases: [{output: {reject: x}}]}}", [FOR_EVER]),
        ("{switch: {retry_until_success: true, cases: [{output: {type: reject}}]}}", [FOR_EVER]),
        ("{switch: {retry_until_success: true, cases: [{output: {reject: 5}}]}}", []),
        ("{switch: {retry_until_success: true, cases: [{check: [], output: {reject: x}}]}}", ["expected string value"]),
        (
            "{http_client: {url: x, oauth2: {endpoint_params: {a: b, c: [1, d]}}}}",
            [
                'field must be an object containing arrays of strings, got "b" (string)',
                "field values must be strings, got 1 (number)",
            ],
        ),
    ],
)
def test_a_component_within_another(output: str, lints: list[str]) -> None:
    text = f"output:\n  broker:\n    outputs:\n      - {output}\n"
    assert sorted(lint(text, Catalogue())) == sorted(f"(4,1) {text}" for text in lints)


def test_what_stands_in_a_literal_block_begins_on_the_next_line(catalogue: Catalogue) -> None:
    text = "output:\n  label: |-\n    B\n  socket:\n    network: |-\n      x\n    address: !!str |-\n      y\n"
    assert lint(text, Catalogue()) == [
        "(6,1) value x is not a valid option for this field",
        f"(3,1) invalid label 'B': {LABEL}",
    ]
    assert lint("output:\n  label: !!str |-\n    B\n  drop: {}\n", catalogue) == [f"(2,1) invalid label 'B': {LABEL}"]


def test_what_is_deprecated_or_has_no_label_is_said_when_asked(catalogue: Catalogue) -> None:
    text = "input:\n  stdin: {codec: lines}\npipeline:\n  processors:\n    - old: {}\noutput:\n  drop: {}\n"
    assert lint(text, catalogue) == []
    assert lint(text, catalogue, deprecated=True) == [
        "(2,1) field codec is deprecated",
        "(5,1) component old is deprecated",
    ]
    assert lint(text, catalogue, labels=True) == [
        "(2,1) label is required for stdin",
        "(5,1) label is required for old",
        "(7,1) label is required for drop",
    ]


def test_an_empty_label_is_one_and_what_is_deprecated_stands_where_its_value_does(catalogue: Catalogue) -> None:
    assert lint("input:\n  label: ''\n  stdin: {}\n", catalogue, labels=True) == []
    text = "pipeline:\n  processors:\n    - log:\n        fields:\n          a: b\n          c: d\n"
    assert lint(text, Catalogue(), deprecated=True) == [f"({line},1) field fields is deprecated" for line in (5, 5, 6)]


def test_bento_has_fields_and_words_of_its_own(catalogue: Catalogue) -> None:
    text = "pipeline:\n  processors:\n    - try:\n        - everything: {fresh: 2}\n        - nope: {}\n"
    assert lint(text, catalogue, dialect="any") == ["(5,1) unable to infer component type: nope"]
    assert lint(text, catalogue, dialect="bento") == ["(5,1) unable to infer component type"]


def test_a_tree_that_contains_itself_ends(catalogue: Catalogue) -> None:
    text = "pipeline:\n  processors:\n    - &a\n      try:\n        - *a\n        - *a\n"
    assert lint(text, catalogue) == []
    with pytest.raises(SyntaxProblem, match="contains itself"):
        read_stream(text, catalogue)
