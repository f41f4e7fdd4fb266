"""From nodes and a document to text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from headwater.components.gotemplate.nodes import (
    Action,
    Break,
    Call,
    Command,
    Constant,
    Continue,
    Dot,
    FunctionRef,
    Group,
    If,
    Operand,
    Pipeline,
    Range,
    Text,
    VariableRef,
)
from headwater.components.gotemplate.parse import Parser
from headwater.components.gotemplate.values import Unfit, kind_name, plain, shown, truth
from headwater.errors import ComponentError, HeadwaterError

MAX_TEXT: Final = 64 * 1024 * 1024
"""Most characters that a template may write."""

MAX_STEPS: Final = 1_000_000
"""Most nodes that a template may go through."""

_DEEPEST: Final = 200
_MISSING: Final = object()

Function = Callable[..., Any]


class ExecutionError(ComponentError):
    """A template failed over a document."""

    kind = "data"


class _BreakLoop(Exception):
    pass


class _ContinueLoop(Exception):
    pass


class Template:
    """A template, the templates that it defines, and others that were added to it.

    Args:
        name: Its name.
        text: What it is.
        functions: The functions that it may call, by name.

    Raises:
        TemplateSyntaxError: The text is no template.
    """

    def __init__(self, name: str, text: str, functions: Mapping[str, Function]) -> None:
        self._name = name
        self._functions = dict(functions)
        self._templates: dict[str, list[Any]] = {}
        self.add(name, text)

    def add(self, name: str, text: str) -> None:
        """Add a template that others may name.

        Raises:
            TemplateSyntaxError: The text is no template.
        """
        parser = Parser(name, text, self._functions)
        self._templates[name] = parser.parse()
        self._templates.update(parser.defined)

    def execute(self, document: Any, functions: Mapping[str, Function] | None = None) -> str:
        """The text that the template makes of a document.

        Args:
            document: The document.
            functions: Functions of this execution, in place of those of the same names.

        Raises:
            ExecutionError: It failed.
        """
        run = _Run(self._templates, {**self._functions, **(functions or {})})
        run.template(self._name, document)
        return "".join(run.pieces)


class _Run:
    def __init__(self, templates: Mapping[str, list[Any]], functions: Mapping[str, Function]) -> None:
        self._templates = templates
        self._functions = functions
        self.pieces: list[str] = []
        self._length = 0
        self._steps = 0
        self._depth = 0
        self._name = ""
        self._variables: list[tuple[str, Any]] = []

    def template(self, name: str, document: Any) -> None:
        if self._depth >= _DEEPEST:
            raise ExecutionError(f"template: {name}: exceeded maximum template depth ({_DEEPEST})")
        outer_name, outer_variables = self._name, self._variables
        self._name, self._variables = name, [("$", document)]
        self._depth += 1
        self._walk(self._templates[name], document)
        self._depth -= 1
        self._name, self._variables = outer_name, outer_variables

    def _fail(self, operand: Operand, words: str) -> ExecutionError:
        where = f"{self._name}:{operand.line}:{operand.column}"
        return ExecutionError(f'template: {where}: executing "{self._name}" at <{operand.source}>: {words}')

    def _write(self, text: str) -> None:
        self._length += len(text)
        if self._length > MAX_TEXT:
            raise ExecutionError(f"template writes more than {MAX_TEXT} characters")
        self.pieces.append(text)

    def _walk(self, nodes: list[Any], dot: Any) -> None:
        for node in nodes:
            self._steps += 1
            if self._steps > MAX_STEPS:
                raise ExecutionError(f"template takes more than {MAX_STEPS} steps")
            if isinstance(node, Text):
                self._write(node.text)
            elif isinstance(node, Action):
                value = self._pipeline(node.pipeline, dot)
                if not node.pipeline.variables:
                    self._write(shown(value, top=True))
            elif isinstance(node, If):
                self._if(node, dot)
            elif isinstance(node, Range):
                self._range(node, dot)
            elif isinstance(node, Call):
                self._call_template(node, dot)
            elif isinstance(node, Break):
                raise _BreakLoop
            elif isinstance(node, Continue):
                raise _ContinueLoop

    def _if(self, node: If, dot: Any) -> None:
        mark = len(self._variables)
        value = self._pipeline(node.pipeline, dot)
        if truth(value):
            self._walk(node.body, value if node.moves_dot else dot)
        else:
            self._walk(node.otherwise, dot)
        del self._variables[mark:]

    def _call_template(self, node: Call, dot: Any) -> None:
        document = self._pipeline(node.pipeline, dot) if node.pipeline is not None else None
        if node.name not in self._templates:
            raise ExecutionError(
                f'template: {self._name}:{node.line}: executing "{self._name}" at <{{{{template "{node.name}"}}}}>: '
                f'template "{node.name}" not defined'
            )
        self.template(node.name, document)

    def _range(self, node: Range, dot: Any) -> None:
        mark = len(self._variables)
        value = plain(self._pipeline(node.pipeline, dot))
        names = node.pipeline.variables
        ran = False
        for key, item in self._items(node.pipeline, value):
            ran = True
            if names:
                bound = [item] if len(names) == 1 else [key, item]
                for name, each in zip(names, bound, strict=True):
                    if node.pipeline.declares:
                        self._variables.append((name, each))
                    else:
                        self._set(name, each)
            inner = len(self._variables)
            try:
                self._walk(node.body, item)
            except _ContinueLoop:
                pass
            except _BreakLoop:
                break
            finally:
                del self._variables[inner:]
                if names and node.pipeline.declares:
                    del self._variables[inner - len(names) :]
        if not ran:
            self._walk(node.otherwise, dot)
        del self._variables[mark:]

    def _items(self, pipeline: Pipeline, value: Any) -> Iterator[tuple[Any, Any]]:
        if isinstance(value, list | tuple):
            return iter(enumerate(value))
        if isinstance(value, dict):
            return iter([(key, value[key]) for key in sorted(value)])
        if isinstance(value, int) and not isinstance(value, bool):
            return ((number, number) for number in range(value))
        if value is None:
            return iter(())
        first = pipeline.commands[0].operands[0]
        raise self._fail(first, f"range can't iterate over {shown(value)}")

    def _set(self, name: str, value: Any) -> None:
        for place in range(len(self._variables) - 1, -1, -1):
            if self._variables[place][0] == name:
                self._variables[place] = (name, value)
                return

    def _pipeline(self, pipeline: Pipeline, dot: Any) -> Any:
        value: Any = _MISSING
        for command in pipeline.commands:
            value = self._command(command, dot, value)
        if len(pipeline.variables) == 1:
            if pipeline.declares:
                self._variables.append((pipeline.variables[0], value))
            else:
                self._set(pipeline.variables[0], value)
        return value

    def _command(self, command: Command, dot: Any, final: Any) -> Any:
        first, *rest = command.operands
        if isinstance(first, FunctionRef):
            return self._call(first, rest, dot, final)
        if rest or final is not _MISSING:
            raise self._fail(first, f"can't give argument to non-function {first.source}")
        return self._operand(first, dot)

    def _call(self, function: FunctionRef, operands: list[Operand], dot: Any, final: Any) -> Any:
        name = function.name
        if name in ("and", "or"):
            return self._short_circuit(name == "or", operands, dot, final)
        arguments = [self._operand(operand, dot) for operand in operands]
        if final is not _MISSING:
            arguments.append(final)
        try:
            return self._functions[name](*arguments)
        except Unfit as error:
            words = str(error)
            known = words.startswith("error calling")
            raise self._fail(function, words if known else f"error calling {name}: {words}") from None
        except TypeError as error:
            if "argument" in str(error):
                raise self._fail(function, f"wrong number of args for {name}: got {len(arguments)}") from None
            raise self._fail(function, f"error calling {name}: wrong type for value") from None
        except AttributeError:
            raise self._fail(function, f"error calling {name}: wrong type for value") from None
        except (ArithmeticError, LookupError, ValueError, RecursionError, HeadwaterError) as error:
            raise self._fail(function, f"error calling {name}: {error}") from None

    def _short_circuit(self, wanted: bool, operands: list[Operand], dot: Any, final: Any) -> Any:
        value: Any = None
        for operand in operands:
            value = self._operand(operand, dot)
            if truth(value) is wanted:
                return value
        return value if final is _MISSING else final

    def _operand(self, operand: Operand, dot: Any) -> Any:
        if isinstance(operand, Constant):
            return operand.value
        if isinstance(operand, Dot):
            return self._fields(operand, dot, operand.fields)
        if isinstance(operand, VariableRef):
            for name, value in reversed(self._variables):
                if name == operand.name:
                    return self._fields(operand, value, operand.fields)
            raise self._fail(operand, f"undefined variable: {operand.name}")
        if isinstance(operand, FunctionRef):
            return self._call(operand, [], dot, _MISSING)
        assert isinstance(operand, Group)
        mark = len(self._variables)
        value = self._pipeline(operand.pipeline, dot)
        del self._variables[mark:]
        return self._fields(operand, value, operand.fields)

    def _fields(self, operand: Operand, value: Any, names: tuple[str, ...]) -> Any:
        for place, name in enumerate(names):
            if isinstance(value, dict):
                value = value.get(name)
            elif value is None:
                if place == 0:
                    raise self._fail(operand, f"nil data; no entry for key {name!r}".replace("'", '"'))
                raise self._fail(operand, f"nil pointer evaluating interface {{}}.{name}")
            else:
                raise self._fail(operand, f"can't evaluate field {name} in type {kind_name(value)}")
        return value
