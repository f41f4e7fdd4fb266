"""Processor `template`: text of documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from headwater.bloblang import BloblangError, compile_mapping
from headwater.bloblang.values import DELETE, NOTHING
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.gotemplate import Template
from headwater.components.gotemplate.builtins import BUILTINS
from headwater.components.gotemplate.library import ENVIRONMENT, FUNCTIONS, LIBRARY
from headwater.components.gotemplate.values import Unfit
from headwater.components.oserrors import path_error
from headwater.components.payloads import one_by_one, structured
from headwater.components.resources import Resources
from headwater.config.fields import boolean, object_map, spec, text, text_map
from headwater.config.view import Config
from headwater.errors import ComponentError, ConfigError
from headwater.message import Message

SPEC = spec(
    "processor",
    "template",
    text(
        "text",
        "The template, or the name of its file.",
        default="",
        examples=('{{ .name }} - {{ meta "source" }}', "{{ range .items }}{{ .name }}: {{ .value }}{{ end }}"),
    ),
    boolean("from_file", "Whether `text` is the name of a file.", default=False),
    text_map(
        "functions",
        "Functions of one's own: a name, and the mapping that makes a value of the one argument, which it sees as "
        "`this`.",
        optional=True,
    ),
    object_map(
        "sub_templates",
        text("text", "The template, or the name of its file."),
        boolean("from_file", "Whether `text` is the name of a file.", default=False),
        description="Templates that the main one may name, by name.",
        optional=True,
    ),
    status="experimental",
    categories=("Mapping",),
    summary="Write a text for each message, by a template in the language of Go.",
    description=(
        'The template sees the document; `meta "key"` is a value of the metadata. The functions of the language are '
        "there, and those of the common library for texts, numbers, lists, objects and times. A message that is no "
        "document, or for which the template fails, stays as it was, marked as failed."
    ),
    examples=(
        (
            "A line of text",
            "pipeline:\n  processors:\n    - template:\n        text: '{{ .name | upper }} has {{ len .items }} "
            "items'\n",
        ),
    ),
)


@component(SPEC)
class TemplateProcessor(Processor):
    """Executes a template over documents."""

    def __init__(self, config: Config, resources: Resources) -> None:
        own = _own_functions(config)
        functions: dict[str, Callable[..., Any]] = {
            **FUNCTIONS,
            **own,
            "meta": lambda name: None,
        }
        environment = config.catalogue.bloblang
        if environment is not None and "env" not in environment.functions:
            # Whoever keeps mappings from reading environment variables means templates too.
            for name in ENVIRONMENT:
                del functions[name]
        self._template = Template("main", _source(config), functions)
        if config.has("sub_templates"):
            for name, sub in config.object_map("sub_templates").items():
                self._template.add(name, _source(sub))
        self.each = one_by_one(resources, self._convert)

    def _convert(self, message: Message) -> Message:
        return message.with_content(self._write(message))

    def _write(self, message: Message) -> bytes:
        try:
            document = structured(message)
        except ComponentError as error:
            raise ComponentError(f"Failed to parse part into json: {error}", "data") from None
        try:
            written = self._template.execute(document, {"meta": message.metadata.get})
        except ComponentError as error:
            raise ComponentError(f"Failed to execute template: {error}", "data") from None
        return written.encode("utf-8", "surrogateescape")


def _source(config: Config) -> str:
    source = config.text("text")
    if not config.boolean("from_file"):
        return source
    try:
        with open(source, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise ConfigError(path_error("open", source, error)) from None
    except UnicodeDecodeError:
        raise ConfigError(f"open {source}: not a text of UTF-8") from None


def _own_functions(config: Config) -> Mapping[str, Callable[[Any], Any]]:
    """Functions that are mappings."""
    functions: dict[str, Callable[[Any], Any]] = {}
    for name, source in config.map("functions").items() if config.has("functions") else ():
        if name in BUILTINS or name in ("if", "else", "end", "range", "with", "define", "template", "block"):
            raise ConfigError(f"can not redefine a predefined function or named {name}")
        if name in LIBRARY:
            raise ConfigError(f"can not redefine a sprig function named {name}")
        functions[name] = _mapped(source, config)
    return functions


def _mapped(source: str, config: Config) -> Callable[[Any], Any]:
    try:
        mapping = compile_mapping(source, config.catalogue.bloblang)
    except BloblangError as error:
        raise ConfigError(str(error)) from None

    def run(argument: Any) -> Any:
        try:
            value = mapping.value(None, this=argument)
        except BloblangError as error:
            raise Unfit(str(error)) from None
        return None if value is DELETE or value is NOTHING else value

    return run
