"""Processor `template`: text of documents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headwater.components.gotemplate import ExecutionError, Template, TemplateSyntaxError
from headwater.components.gotemplate.library import FUNCTIONS
from headwater.documents import decode_document
from headwater.errors import ConfigError
from headwater.message import Message

DOCUMENT = (
    b'{"name":"bob smith","n":1.50,"items":[{"name":"a","value":1},{"name":"b","value":2}],"m":{"x":null},"e":[]}'
)


def write(text: str) -> str:
    """What a template makes of the document."""
    return Template("main", text, FUNCTIONS).execute(decode_document(DOCUMENT))


def test_messages(process: Callable[..., list[Message]]) -> None:
    [message] = process("- template: {text: '{{ .a }} from {{ meta \"k\" }}'}", '{"a":[1,"x"]}', metadata={"k": "here"})
    assert message.content() == b"[1 x] from here"
    assert message.metadata == {"k": "here"}


def test_functions_and_templates_of_ones_own(contents: Callable[..., list[str]], tmp_path: Path) -> None:
    (tmp_path / "sub.tmpl").write_text("<{{ . }}>")
    processors = f"""
- template:
    text: '{{{{ double .n }}}}{{{{ template "sub" .s }}}}'
    functions: {{double: root = this * 2}}
    sub_templates: {{sub: {{text: '{tmp_path}/sub.tmpl', from_file: true}}}}
"""
    assert contents(processors, '{"n":4,"s":"x"}') == ["8<x>"]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{ .m }}", "map[x:<nil>]"),
        ("{{ .nope }} {{ .n }}", "<no value> 1.50"),
        ("{{ range .items }}{{ .name }}: {{ .value }};{{ end }}", "a: 1;b: 2;"),
        ("{{ range $i, $e := .items }}{{ $i }}={{ $e.name }}{{ end }}", "0=a1=b"),
        ("{{ range $k, $v := .m }}{{ $k }}{{ end }}", "x"),
        ("{{ range .e }}x{{ else }}none{{ end }}", "none"),
        ('{{ range .items }}{{ if eq .name "b" }}{{ break }}{{ end }}{{ .name }}{{ end }}', "a"),
        ('{{ range .items }}{{ if eq .name "a" }}{{ continue }}{{ end }}{{ .name }}{{ end }}', "b"),
        ("{{ with .m }}{{ .x }}{{ end }}{{ with .e }}{{ else }}no{{ end }}", "<no value>no"),
        ("{{ if and .name (gt .n 1) }}y{{ end }}{{ if .e }}{{ else if not .e }}z{{ end }}", "yz"),
        ('{{ define "T" }}<{{ . }}>{{ end }}{{ template "T" .name }}', "<bob smith>"),
        ("{{ $x := 1 }}{{ range .items }}{{ $x = .value }}{{ end }}{{ $x }}", "2"),
        ("a {{- /* nothing */ -}} b {{- 1 }}", "ab1"),
        ('{{ printf "%s-%03d" .name 7 }}{{ "x" | printf "%q" | len }}', "bob smith-0073"),
        ("{{ (index .items 1).name }}{{ len .items }}{{ slice .name 0 3 }}", "b2bob"),
        ('{{ html "<a>" }}{{ urlquery "a b" }}', "&lt;a&gt;a+b"),
        ("{{ .name | upper | quote }}", '"BOB SMITH"'),
        ("{{ add 1 2 .n }} {{ div 7 2 }} {{ round 3.14159 2 }}", "4 3 3.14"),
        ('{{ dict "a" (list 1 2) | toJson }}', '{"a":[1,2]}'),
        ('{{ default "x" .nope }}{{ ternary "a" "b" false }}', "xb"),
        ('{{ regexReplaceAll "(b)" .name "<$1>" }}', "<b>o<b> smith"),
        ("{{ .name | b64enc | b64dec | trunc 3 | title }}", "Bob"),
        ('{{ date "2006-01-02" 0 }}', "1970-01-01"),
        ("{{ duration 95 }} {{ mustLast (list 1 2) }} {{ slice (list 1 2 3) 1 2 }}", "1m35s 2 [2]"),
        ('{{ list 1 "a" 1 | uniq | has "a" }} {{ keys .m }} {{ dig "m" "y" "none" . }}', "true [x] none"),
        ('{{ "helloWorld" | snakecase }} {{ "a b" | camelcase }} {{ plural "one" "many" 2 }}', "hello_world AB many"),
        ('{{ regexSplit "[,;]" "a,b;c" -1 }} {{ splitList "," "a,b" | last }}', "[a b c] b"),
        ('{{ merge (dict "a" 1) (dict "a" 2 "b" 3) | toJson }}', '{"a":1,"b":3}'),
        ('{{ indent 2 "a\\nb" }}|{{ wrap 3 "aa bb" }}', "  a\n  b|aa\nbb"),
        ('{{ until 3 | join "-" }} {{ seq 1 3 }}', "0-1-2 1 2 3"),
    ],
)
def test_what_templates_write(text: str, result: str) -> None:
    assert write(text) == result


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{{ .name", "template: main:1: unclosed action"),
        ("{{ foo }}", 'template: main:1: function "foo" not defined'),
        ("{{ if .a }}", "template: main:1: unexpected EOF"),
        ("\n{{ end }}", "template: main:2: unexpected {{end}}"),
        ("{{ $x }}", 'template: main:1: undefined variable "$x"'),
        ("{{ if }}", "template: main:1: missing value for if"),
        ("{{ break }}", "template: main:1: {{break}} outside {{range}}"),
        ("{{ (1 }}", "template: main:1: unclosed left paren"),
        ("{{ ( " * 500, "template: main:1:"),
    ],
)
def test_what_is_no_template(text: str, error: str) -> None:
    with pytest.raises(TemplateSyntaxError) as caught:
        write(text)
    assert error in str(caught.value)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{{ .name.x }}", "can't evaluate field x in type string"),
        ("{{ .m.x.y }}", "nil pointer evaluating interface {}.y"),
        ("{{ index .items 5 }}", "error calling index: index out of range: 5"),
        ('{{ lt 1 "a" }}', "error calling lt: incompatible types for comparison"),
        ("{{ upper 5 }}", "error calling upper: wrong type for value"),
        ("{{ upper }}", "wrong number of args for upper: got 0"),
        ('{{ fail "no" }}', "error calling fail: no"),
        ('{{ template "T" }}', 'template "T" not defined'),
        ('{{ define "T" }}{{ template "T" }}{{ end }}{{ template "T" }}', "exceeded maximum template depth"),
        ("{{ range 999999999 }}x{{ end }}", "template takes more than"),
        ('{{ repeat 999999999 "ab" }}', "exceeds the limit of"),
        ("{{ until 999999999 }}", "exceeds the limit of"),
        ("{{ div 1 0 }}", "integer divide by zero"),
    ],
)
def test_what_fails(text: str, error: str) -> None:
    with pytest.raises(ExecutionError) as caught:
        write(text)
    assert error in str(caught.value)


def test_failures_are_marks(outcomes: Callable[..., Any]) -> None:
    assert outcomes("- template: {text: '{{ .a.b }}'}", '{"a":"x"}', "bad") == [
        (
            '{"a":"x"}',
            'Failed to execute template: template: main:1:3: executing "main" at <.a.b>: can\'t evaluate field b in '
            "type "
            "string",
        ),
        ("bad", "Failed to parse part into json: invalid character 'b' looking for beginning of value"),
    ]


@pytest.mark.parametrize(
    "fields", ["{text: '{{'}", "{text: /no/where, from_file: true}", "{functions: {upper: root = this}}"]
)
def test_what_cannot_be_built(contents: Callable[..., list[str]], fields: str) -> None:
    with pytest.raises(ConfigError):
        contents(f"- template: {fields}", "{}")
