"""What cannot be built says where it stands, and why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headwater.errors import ConfigError
from headwater.system import StreamSystem

GONE = "resource 'gone' was not found"


@pytest.fixture(scope="module")
def system() -> Iterator[StreamSystem]:
    with StreamSystem() as made:
        yield made


def refusal(system: StreamSystem, text: str, *, chilled: bool = False) -> str:
    with pytest.raises(ConfigError) as caught:
        system.create("x", text, chilled=chilled)
    return str(caught.value).removeprefix("failed to init ").replace("failed to init ", "~").replace(" <no label>", "")


@pytest.mark.parametrize(
    ("processor", "text"),
    [
        (
            "try: [{noop: {}}, {resource: gone}]",
            f"processor 1: ~processor path root.pipeline.processors.0.try.1: processor {GONE}",
        ),
        (
            "catch: [{for_each: [{resource: gone}]}]",
            "processor 0: processor 0: ~processor path root.pipeline.processors.0.catch.0.for_each.0: "
            f"processor {GONE}",
        ),
        (
            "switch: [{processors: [{label: it, dedupe: {cache: gone, key: a}}]}]",
            "case '0' parse error: processor 0: "
            f"~processor 'it' path root.pipeline.processors.0.switch.0.processors.0: cache {GONE}",
        ),
        (
            "http: {url: x, jwt: {enabled: 5}}",
            "processor path root.pipeline.processors.0: field 'jwt': field 'enabled': yaml: unmarshal errors:\n"
            "  line 1: cannot unmarshal !!int `5` into bool",
        ),
        (
            "switch: [{fallthrough: 5}]",
            "processor path root.pipeline.processors.0: field 'fallthrough': yaml: unmarshal errors:\n"
            "  line 1: cannot unmarshal !!int `5` into bool",
        ),
    ],
)
def test_processors(system: StreamSystem, processor: str, text: str) -> None:
    pipeline = f"pipeline: {{processors: [{{{processor}}}]}}"
    assert refusal(system, f"{pipeline}\ninput: {{generate: {{mapping: root = 1}}}}\noutput: {{drop: {{}}}}") == text


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (
            "input: {generate: {mapping: root = 1}, processors: [{resource: gone}]}\noutput: {drop: {}}",
            "input path root.input: failed to create processor 'resource': ~processor path root.input.processors.0: "
            f"processor {GONE}",
        ),
        (
            "input: {broker: {inputs: [{resource: gone}]}}\noutput: {drop: {}}",
            f"input 0: ~input path root.input.broker.inputs.0: input {GONE}",
        ),
        (
            "input: {dynamic: {inputs: {}}}\noutput: {dynamic: {outputs: {b: {resource: gone}}}}",
            f"output b: ~output path root.output.dynamic.outputs.b: output {GONE}",
        ),
        (
            "input: {stdin: {scanner: {lines: {max_buffer_size: x}}}}\noutput: {drop: {}}",
            "input path root.input: field 'max_buffer_size': yaml: unmarshal errors:\n"
            "  line 1: cannot unmarshal !!str `x` into int",
        ),
        (
            "input: {generate: {mapping: root = 1}}\noutput: {http_client: {url: x, batching: {period: x}}}",
            "output path root.output: failed to construct batch policy: failed to parse duration string: time: invalid "
            'duration "x"',
        ),
        (
            "input: {generate: {mapping: root = 1}}\noutput: {http_client: {url: x, max_in_flight: 0}}",
            "output path root.output: invalid maxInFlight parameter: 0",
        ),
        (
            "input: {generate: {mapping: root = 1}}\noutput: {switch: {cases: [{check: a}]}}",
            "output path root.output: field 'cases': field 'output' is required and was not present in the config",
        ),
    ],
)
def test_inputs_and_outputs(system: StreamSystem, parts: str, text: str) -> None:
    assert refusal(system, parts, chilled=True) == text
