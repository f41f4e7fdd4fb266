"""The pytest plugin, as a project that tests its streams uses it."""

from __future__ import annotations

import asyncio
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from headwater.errors import ConfigError
from headwater.testing.plugin import Headwater
from headwater.testing.received import explain

pytest_plugins = ["pytester"]

SHOUT = "pipeline: {processors: [{mapping: 'root = content().uppercase()'}]}"


def test_messages_go_in_and_come_out(headwater: Headwater) -> None:
    with headwater.stream(SHOUT) as stream:
        sent = stream.send("hello")
        assert stream.received() == ["HELLO"]
        assert sent.acked
        assert stream.received() == []


def test_documents_and_metadata(headwater: Headwater) -> None:
    config = """
pipeline:
  processors:
    - mapping: |
        root.sum = this.a + this.b
        meta seen = @who
"""
    with headwater.stream(config) as stream:
        stream.send({"a": 1, "b": 2}, metadata={"who": "me"})
        (message,) = stream.received(1)
        assert message == {"sum": 3}
        assert message.metadata["seen"] == "me"


def test_batches_stay_batches(headwater: Headwater) -> None:
    with headwater.stream(SHOUT) as stream:
        stream.send("a", "b")
        stream.send("c")
        assert stream.batches() == [["A", "B"], ["C"]]


def test_hours_pass_at_once(headwater: Headwater) -> None:
    config = {"input": {"generate": {"mapping": 'root = "tick"', "interval": "1h"}}}
    with headwater.stream(config, keep_input=True) as stream:
        assert stream.received() == ["tick"]
        stream.advance(3 * 3600)
        assert stream.received() == ["tick"] * 3


def test_a_rejected_message_tells_its_sender(headwater: Headwater) -> None:
    with headwater.stream(SHOUT) as stream:
        stream.reject(2, "no room")
        first, second = stream.send_each(["a", "b"])
        assert first.acked
        assert second.rejected == "no room"
        assert stream.received() == ["A"]


def test_an_output_that_is_away_gets_all_later(headwater: Headwater) -> None:
    with headwater.stream(SHOUT) as stream:
        stream.refuse()
        sent = stream.send("a")
        assert not sent.settled
        assert not stream.connected
        stream.heal()
        stream.advance(5)
        assert stream.received() == ["A"]
        assert sent.acked


def test_an_output_that_hangs(headwater: Headwater) -> None:
    with headwater.stream(SHOUT) as stream:
        stream.hang()
        sent = stream.send("a")
        stream.advance(3600)
        assert not sent.settled
        stream.heal()
        assert sent.acked


def test_components_are_mocked_by_label(headwater: Headwater) -> None:
    config = "pipeline: {processors: [{label: ask, http: {url: 'http://nowhere.invalid'}}]}"
    with headwater.stream(config, mocks={"ask": "mapping: root.answer = 42"}) as stream:
        stream.send("a question")
        assert stream.received() == [{"answer": 42}]
    with pytest.raises(ConfigError, match="there is no component labelled 'tell'"):
        headwater.stream(config, mocks={"tell": {"noop": {}}})


def test_resources_stand_in_the_same_text(headwater: Headwater) -> None:
    config = """
pipeline: {processors: [{dedupe: {cache: seen, key: '${! content() }'}}]}
cache_resources: [{label: seen, memory: {}}]
"""
    with headwater.stream(config) as stream:
        assert all(sent.acked for sent in stream.send_each(["a", "b", "a"]))
        assert stream.received() == ["a", "b"]


def test_lints_fail_the_test(headwater: Headwater) -> None:
    with pytest.raises(ConfigError, match=r"^\(1,1\) field nope not recognised$"):
        headwater.stream("nope: 1")


def test_a_failed_processor_marks_the_message(headwater: Headwater) -> None:
    with headwater.stream("pipeline: {processors: [{mapping: 'root = throw(\"bad\")'}]}") as stream:
        stream.send("x")
        (message,) = stream.received()
        assert message == "x"
        assert "bad" in message.error


@pytest.mark.parametrize(
    ("assertion", "said"),
    [
        ('stream.received() == [{"a": 2}]', ["message 0:", "a: expected 2, received 1"]),
        ('stream.received() == [{"a": 1}, {"a": 2}]', ["1 came out, 2 were expected"]),
        ('stream.received()[0] == {"a": 1, "b": 2}', ["b: is missing, expected 2"]),
        ('stream.batches() == [[{"a": 2}]]', ["batch 0:", "message 0:", "a: expected 2, received 1"]),
        ('stream.received() == ["a"]', ["expected: a", 'received: {"a":1}']),
        ("stream.received() == [b'a']", ["expected b'a', received {'a': 1}"]),
    ],
)
def test_assertions_show_the_difference(headwater: Headwater, assertion: str, said: list[str]) -> None:
    with headwater.stream("pipeline: {processors: [{mapping: 'root.a = 1'}]}") as stream:
        stream.send("x")
        left, _, right = assertion.partition(" == ")
        lines = explain(eval(left, {"stream": stream}), eval(right))
    assert lines is not None
    stripped = [line.strip() for line in lines]
    assert [line for line in said if line not in stripped] == [], lines


def test_the_marks_of_failed_processors_are_shown(headwater: Headwater) -> None:
    with headwater.stream("pipeline: {processors: [{mapping: 'root = throw(\"bad\")'}]}") as stream:
        stream.send("x")
        lines = explain(stream.received(), ["y"])
    assert lines is not None
    assert any("it is marked as failed" in line and "bad" in line for line in lines)


def test_pytest_prints_the_difference(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_it(headwater):
            with headwater.stream("pipeline: {processors: [{mapping: 'root.a = 1'}]}") as stream:
                stream.send("x")
                assert stream.received() == [{"a": 2}]
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*message 0:*", "*a: expected 2, received 1*"])


def test_config_unit_tests_are_collected_when_asked_for(pytester: pytest.Pytester) -> None:
    text = textwrap.dedent(
        """\
        pipeline: {processors: [{mapping: 'root = content().uppercase()'}]}
        tests:
          - name: right
            input_batch: [{content: a}]
            output_batches: [[{content_equals: A}]]
          - name: wrong
            input_batch: [{content: a}]
            output_batches: [[{content_equals: B}]]
        """
    )
    folder = pytester.mkdir("streams")
    Path(folder, "shout.yaml").write_text(text, encoding="utf-8")
    pytester.runpytest_subprocess().assert_outcomes()
    pytester.makeini("[pytest]\nheadwater_files = streams/**/*.yaml")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*line 6: wrong*", "*content mismatch*", "*expected: B*", "*received: A*"])


def test_config_unit_tests_have_resources_templates_and_good_errors(pytester: pytest.Pytester) -> None:
    files = {
        "good.yaml": """\
            pipeline: {processors: [{resource: upper}, {ending: {text: '!'}}]}
            tests:
              - name: both
                input_batch: [{content: a}]
                output_batches: [[{content_equals: A!}]]
            """,
        "bad.yaml": """\
            pipeline: {processors: [{noop: {}}]}
            tests:
              - name: wrong
                inputs_batch: [{content: a}]
            """,
        "resources/r.yaml": "processor_resources: [{label: upper, mapping: root = content().uppercase()}]",
        "templates/t.yaml": """\
            name: ending
            type: processor
            fields: [{name: text, type: string}]
            mapping: 'root.mapping = "root = content() + %s".format(this.text.quote())'
            """,
    }
    for name, text in files.items():
        path = pytester.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    pytester.makeini(
        "[pytest]\nheadwater_files = *.yaml\nheadwater_resources = resources/*.yaml\n"
        "headwater_templates = templates/*.yaml"
    )
    result = pytester.runpytest_subprocess("--continue-on-collection-errors")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*bad.yaml(4,1) field inputs_batch not recognised*"])


@pytest.mark.parametrize("coroutine", [False, True])
def test_functions_that_run_on_other_threads_are_waited_for(headwater: Headwater, coroutine: bool) -> None:
    def plain(text: str) -> str:
        threading.Event().wait(0.01)
        return text.upper()

    async def waiting(text: str) -> str:
        await asyncio.sleep(0.01)
        return text.upper()

    python = {"function": waiting if coroutine else plain, "receives": "text"}
    with headwater.stream({"pipeline": {"processors": [{"python": python}]}}) as stream:
        for word in ("a", "b", "c"):
            assert stream.send(word).acked
            assert stream.received() == [word.upper()]


def test_what_waits_for_the_world_is_not_waited_for(headwater: Headwater) -> None:
    gate = threading.Event()

    def stuck() -> Iterator[int]:
        yield 1
        gate.wait(20)

    with headwater.stream({"input": {"python": {"function": stuck}}}, keep_input=True) as stream:
        assert stream.received(1) == [1]
        stream.advance(3600)
        assert stream.active
        gate.set()


FALLBACK = """
output:
  fallback:
    - label: first
      http_client: {url: 'http://nowhere.invalid'}
    - label: second
      file: {path: never.txt}
"""


def test_outputs_inside_of_others_are_the_tests_own(headwater: Headwater) -> None:
    first, second = headwater.output(), headwater.output()
    with headwater.stream(FALLBACK, keep_output=True, mocks={"first": first, "second": second}) as stream:
        assert stream.send("a").acked
        assert (first.received(), second.received()) == (["a"], [])
        first.reject(1, "no")
        assert stream.send("b").acked
        assert (first.received(), second.received()) == ([], ["b"])
        first.reject()
        second.hang()
        sent = stream.send("c")
        assert not sent.settled
        second.heal()
        assert sent.acked
        assert second.received() == ["c"]


def test_everything_fails(headwater: Headwater) -> None:
    first, second = headwater.output(), headwater.output()
    with headwater.stream(FALLBACK, keep_output=True, mocks={"first": first, "second": second}) as stream:
        first.reject(1, "no")
        second.reject(1, "nor here")
        assert stream.send("a").rejected == "nor here"
