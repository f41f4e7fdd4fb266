"""`headwater lint`, `list`, `create`, `echo` and `schema`, as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from headwater.cli import main
from headwater.cli.create import configuration
from headwater.components.catalogue import Catalogue
from headwater.config.service import lint_text

GOOD = "input:\n  generate:\n    mapping: root = 1\noutput:\n  drop: {}\n"
BAD = GOOD + "nope: 1\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sub").mkdir()
    for name, text in {"good.yaml": GOOD, "bad.yaml": BAD, "sub/also.yml": BAD, "sub/note.txt": BAD}.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(list(words))
    out, err = capsys.readouterr()
    return status, out, err


def test_good_files_are_clean(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "lint", "good.yaml") == (0, "", "")
    assert run(capsys, "lint", "--verbose", "good.yaml") == (0, "good.yaml: OK\n", "")
    assert run(capsys, "lint") == (0, "", "")


def test_bad_files_are_named_with_line_and_column(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "lint", "good.yaml", "bad.yaml") == (1, "", "bad.yaml(6,1) field nope not recognised\n")


@pytest.mark.parametrize(
    ("pattern", "files"),
    [
        ("./...", ["bad.yaml", "sub/also.yml"]),
        ("sub/...", ["sub/also.yml"]),
        ("sub/", ["sub/also.yml"]),
        (".", ["bad.yaml", "sub/also.yml"]),
        ("*.yaml", ["bad.yaml"]),
        ("sub/note.txt", ["sub/note.txt"]),
    ],
)
def test_trees_and_patterns(pattern: str, files: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "lint", pattern)
    assert status == 1
    assert err.splitlines() == [f"{name}(6,1) field nope not recognised" for name in files]


def test_a_name_that_could_be_a_file_is_no_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "lint", "sub") == (1, "", "sub(1,1) read sub: is a directory\n")


def test_annotations_keep_odd_names_and_texts_apart(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a,b:c.yaml").write_text("'100%': 1\n", encoding="utf-8")
    status, out, _ = run(capsys, "lint", "--format", "github", "a,b:c.yaml")
    assert status == 1
    assert out == "::error file=a%2Cb%3Ac.yaml,line=1,col=1,title=unknown::field 100%25 not recognised\n"


def test_what_cannot_be_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "lint", "nowhere.yaml", "sub")[2].splitlines() == [
        "nowhere.yaml(1,1) open nowhere.yaml: no such file or directory",
        "sub(1,1) read sub: is a directory",
    ]


def test_markdown_has_its_own_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "doc.md").write_text(f"# Title\n\n```yaml\n{BAD}```\n\ntext\n\n```yaml\n{GOOD}```\n")
    assert run(capsys, "lint", "doc.md") == (1, "", "doc.md(9,1) field nope not recognised\n")
    (folder / "open.md").write_text("```yaml\ninput: {}\n")
    assert run(capsys, "lint", "open.md")[2] == "open.md(1,1) markdown snippet not terminated\n"


@pytest.mark.parametrize(
    ("text", "lints"),
    [
        ("```yml\nnope: 1\n```\n", []),
        ("- ```yaml\n  nope: 1\n  ```\n", ["(2,1) field nope not recognised"]),
        ("```yaml\nx: ${NOT_SET_AT_ALL}\n```\n", ["(2,1) field x not recognised"]),
        ("x\n\n```yaml title\nx: 1\n```\n", ["(3,1) yaml: line 2: mapping values are not allowed in this context"]),
        ("```yaml\n```\n", ["(0,1) expected object value, got !!null"]),
    ],
)
def test_blocks_of_markdown(folder: Path, capsys: pytest.CaptureFixture[str], text: str, lints: list[str]) -> None:
    (folder / "doc.md").write_text(text)
    assert run(capsys, "lint", "doc.md")[2].splitlines() == [f"doc.md{lint}" for lint in lints]


def test_paths_that_end_in_dots(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "lint", "gone/...") == (1, "", "lint paths error: stat gone: no such file or directory\n")
    assert run(capsys, "lint", "bad.yaml/...")[2] == "bad.yaml(6,1) field nope not recognised\n"


def test_the_result_of_each_file_is_said_when_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "lint", "--verbose", "good.yaml", "bad.yaml")[1] == "good.yaml: OK\nbad.yaml: FAILED\n"


SHOUT = (
    "name: shout\ntype: processor\nfields:\n  - {name: a, type: string, default: ~}\nmapping: 'root.mapping = this.a'\n"
)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: shout", "name: [a]", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into string"),
        (
            "fields:\n  - {name: a, type: string, default: ~}",
            "tests: 5\nfields: 6",
            "yaml: unmarshal errors:\n  line 3: cannot unmarshal !!int `5` into []template.TestConfig\n"
            "  line 4: cannot unmarshal !!int `6` into []template.FieldConfig",
        ),
        ("type: string", "nope: 1", "field 0: missing type field"),
        ("type: string", "type: string, kind: array", "field 0: unrecognised kind: array"),
        (
            "name: shout",
            "name: shout\nmetrics_mapping: root = (",
            "parse metrics mapping: line 1 char 9: expected query",
        ),
    ],
)
def test_templates_that_cannot_be_used(
    folder: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    (folder / "t.yaml").write_text(SHOUT.replace(old, new))
    status, _, text = run(capsys, "lint", "-t", "t.yaml", "good.yaml")
    assert (status, text) == (1, f"template file read error: template t.yaml: {said}\n")


def test_a_template_field_whose_default_is_null_has_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "t.yaml").write_text("status: deprecated\n" + SHOUT)
    (folder / "use.yaml").write_text("pipeline:\n  processors:\n    - shout: {}\n")
    assert run(capsys, "lint", "-t", "t.yaml", "use.yaml")[2] == "use.yaml(3,1) field a is required\n"


def test_formats_for_machines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "lint", "--format", "json", "bad.yaml")
    assert status == 1
    assert json.loads(out) == [
        {"file": "bad.yaml", "line": 6, "column": 1, "code": "unknown", "text": "field nope not recognised"}
    ]
    _, out, _ = run(capsys, "lint", "--format", "github", "bad.yaml")
    assert out == "::error file=bad.yaml,line=6,col=1,title=unknown::field nope not recognised\n"


def test_variables(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "env.yaml").write_text(GOOD.replace("root = 1", "root = ${NOT_SET_AT_ALL}"))
    (folder / "vars.env").write_text("NOT_SET_AT_ALL=1\n")
    assert "[NOT_SET_AT_ALL]" in run(capsys, "lint", "env.yaml")[2]
    assert "[NOT_SET_AT_ALL]" not in run(capsys, "lint", "--skip-env-var-check", "env.yaml")[2]
    assert run(capsys, "lint", "-e", "vars.env", "env.yaml") == (0, "", "")


TEMPLATE = """
name: shout
type: processor
fields:
  - name: times
    type: int
mapping: |
  root.mapping = "root = content().uppercase().repeat(%v)".format(this.times)
"""


def test_templates_are_components(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "t.yaml").write_text(TEMPLATE)
    (folder / "use.yaml").write_text(GOOD + "pipeline:\n  processors:\n    - shout: {nope: 2}\n")
    assert run(capsys, "lint", "-t", "t.yaml", "use.yaml")[2].splitlines() == [
        "use.yaml(8,1) field nope not recognised",
        "use.yaml(8,1) field times is required",
    ]
    (folder / "t.yaml").write_text(TEMPLATE.replace("processor", "gadget"))
    status, _, err = run(capsys, "lint", "-t", "t.yaml", "use.yaml")
    assert status == 1
    assert err == "template file read error: template t.yaml: unable to register template for component type gadget\n"


def test_what_is_created_is_clean(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--small", "stdin/noop/drop"], ["stdin,generate/try,noop/drop,stdout"], []):
        status, out, _ = run(capsys, "create", *words)
        assert status == 0
        yaml.safe_load(out)
        (folder / "new.yaml").write_text(out)
        assert run(capsys, "lint", "new.yaml") == (0, "", ""), out
    assert run(capsys, "create", "nope//")[2] == "headwater create: input type 'nope' was not recognised\n"


def test_every_component_can_be_created(capsys: pytest.CaptureFixture[str]) -> None:
    catalogue = Catalogue(entry_points=False)
    names = {kind: catalogue.names(kind) for kind in ("input", "processor", "output")}  # type: ignore[arg-type]
    for small in (False, True):
        lines = configuration(catalogue, names["input"], names["processor"], names["output"], small=small)
        found = lint_text("\n".join(lines).encode(), catalogue)
        # What is required has no value yet, which rules of some components see.
        assert [str(lint) for lint in found if lint.code not in ("custom", "bad_bloblang")] == []


def test_echo_shows_what_is_understood(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "echo", "good.yaml", "--set", "http.address=localhost:80")
    assert status == 0
    shown = yaml.safe_load(out)
    assert shown["http"]["address"] == "localhost:80"
    assert shown["input"]["generate"]["interval"] == "1s"
    assert yaml.safe_load(run(capsys, "echo", "--bare", "good.yaml")[1]) == yaml.safe_load(GOOD)
    assert run(capsys, "echo", "nowhere.yaml")[0] == 1


def test_lists(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(run(capsys, "list", "--format", "json")[1])
    assert "generate" in found["inputs"]
    assert "local" in found["rate_limits"]
    assert "  - generate\n" in run(capsys, "list", "inputs")[1]
    assert "outputs" not in run(capsys, "list", "inputs")[1].lower()
    page = run(capsys, "list", "--format", "markdown", "generate")[1]
    assert page.startswith("# generate\n")
    assert "### `mapping`" in page
    assert "uppercase" in run(capsys, "list", "bloblang-methods")[1]
    full = json.loads(run(capsys, "list", "inputs", "--format", "json-full")[1])
    assert {"name", "type", "status", "config"} <= set(full["inputs"][0])
    assert run(capsys, "list", "nope") == (1, "", "headwater list: there is no nope\n")


def test_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads(run(capsys, "schema")[1])
    assert "input.generate" in schema["definitions"]
    assert "http" not in json.loads(run(capsys, "schema", "--stream")[1])["properties"]


def test_templates_are_tested(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = (
        "tests:\n  - name: twice\n    config: {times: 2}\n"
        "    expected: {mapping: 'root = content().uppercase().repeat(2)'}\n"
    )
    (folder / "t.yaml").write_text(TEMPLATE + cases)
    assert run(capsys, "template", "lint", "t.yaml") == (0, "", "")
    (folder / "t.yaml").write_text(TEMPLATE + cases.replace("repeat(2)", "repeat(3)"))
    status, _, err = run(capsys, "template", "lint", "t.yaml")
    assert status == 1
    assert err.startswith("t.yaml(10,1) test 'twice': expected {mapping: ")
    (folder / "t.yaml").write_text(TEMPLATE.replace("this.times", "nope("))
    assert "t.yaml(1,1) parse mapping: line 1 char " in run(capsys, "template", "lint", "t.yaml")[2]


WAYWARD = """\
name: wayward
type: processor
fields:
  - {name: times, type: string, tipe: int}
mapping: 'root.mapping = "root = content().repeat(%d)".format(this.times.number())'
tests:
  - name: no number
    config: {times: two}
"""


def test_a_template_that_fails_is_named_with_line_and_field(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "t.yaml").write_text(WAYWARD)
    status, _, err = run(capsys, "template", "lint", "t.yaml")
    assert (status, err) == (1, "t.yaml(4,1) field tipe not recognised\n")
    (folder / "t.yaml").write_text(WAYWARD.replace(", tipe: int", ""))
    failure = "mapping failed for template component 'wayward': failed assignment (line 1): "
    status, _, err = run(capsys, "template", "lint", "t.yaml")
    assert status == 1
    assert err.startswith(f"t.yaml(7,1) test 'no number': {failure}")
    assert "field `this.times`: " in err
    (folder / "use.yaml").write_text(
        "pipeline: {processors: [{label: odd, wayward: {times: two}}]}\nhttp: {enabled: false}\n"
    )
    status, _, err = run(capsys, "run", "-t", "t.yaml", "use.yaml")
    assert status == 1
    assert f"failed to init processor 'odd' path root.pipeline.processors.0: {failure}" in err
