"""From text to nodes."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any, Final, NamedTuple

from headwater.bloblang.gonumbers import NumberError, parse_float, parse_int
from headwater.bloblang.gotext import unquote
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
from headwater.errors import ConfigError

_SPACE: Final = " \t\r\n"
_DEEPEST: Final = 100
_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>"(?:\\.|[^"\\\n])*")
    |(?P<raw>`[^`]*`)
    |(?P<char>'(?:\\.|[^'\\\n])+')
    |(?P<number>[+-]?(?:0[xXbBoO][0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?))
    |(?P<declare>:=)
    |(?P<assign>=)
    |(?P<variable>\$\w*)
    |(?P<field>\.[^\W\d]\w*)
    |(?P<dot>\.)
    |(?P<word>[^\W\d]\w*)
    |(?P<mark>[|(),])""",
    re.VERBOSE,
)


class TemplateSyntaxError(ConfigError):
    """A text is no template."""


class Token(NamedTuple):
    """A token of an action, where it begins, and whether a space stands before it."""

    kind: str
    text: str
    line: int
    column: int
    spaced: bool


class Parser:
    """Parses a template and what it defines.

    Args:
        name: Of the template, for error texts.
        text: The template.
        functions: The functions that there are.
    """

    def __init__(self, name: str, text: str, functions: Container[str]) -> None:
        self._name = name
        self._text = text
        self._functions = functions
        self._at = 0
        self._line = 1
        self._tokens: list[Token] = []
        self._place = 0
        self._variables: list[str] = ["$"]
        self._loops = 0
        self._depth = 0
        self.defined: dict[str, list[Any]] = {}

    def parse(self) -> list[Any]:
        """The nodes of the template; those that it defines are in `defined`.

        Raises:
            TemplateSyntaxError: It is none.
        """
        nodes, end = self._list()
        if end:
            raise self._error(f"unexpected {{{{{end}}}}}")
        return nodes

    def _error(self, words: str, line: int | None = None) -> TemplateSyntaxError:
        return TemplateSyntaxError(f"template: {self._name}:{line or self._line}: {words}")

    # -- text and actions

    def _next(self) -> Text | list[Token] | None:
        """The next text, or the tokens of the next action; None at the end."""
        text = self._text
        if self._at >= len(text):
            return None
        start = text.find("{{", self._at)
        if start != self._at:
            piece = text[self._at : start] if start >= 0 else text[self._at :]
            self._at = start if start >= 0 else len(text)
            line_feeds = piece.count("\n")
            if start >= 0 and self._trims_left(start):
                piece = piece.rstrip(_SPACE)
            self._line += line_feeds
            return Text(piece)
        return self._action(start)

    def _trims_left(self, start: int) -> bool:
        return self._text.startswith("-", start + 2) and self._text[start + 3 : start + 4] in tuple(_SPACE)

    def _action(self, start: int) -> list[Token] | Text:
        text = self._text
        at = start + 2
        if self._trims_left(start):
            at += 2
        if text[at:].lstrip(_SPACE).startswith("/*"):
            end = text.find("*/", at)
            if end < 0:
                raise self._error("unclosed comment")
            close = end + 2
            rest = text[close:]
            stripped = rest.lstrip(_SPACE)
            if stripped.startswith("-}}") and rest[:1] in tuple(_SPACE):
                self._close(start, len(text) - len(stripped) + 3, True)
            elif rest.startswith("}}"):
                self._close(start, close + 2, False)
            else:
                raise self._error("comment ends before closing delimiter")
            return Text("")
        tokens: list[Token] = []
        line, spaced = self._line, False
        while True:
            if text.startswith("}}", at):
                self._close(start, at + 2, False)
                return tokens
            if spaced and text.startswith("-}}", at):
                self._close(start, at + 3, True)
                return tokens
            found = _TOKEN.match(text, at)
            if found is None:
                raise self._stray(at, line)
            if found.lastgroup != "space":
                column = at - (text.rfind("\n", 0, at) + 1)
                tokens.append(Token(found.lastgroup or "", found[0], line, column, spaced))
            spaced = found.lastgroup == "space"
            line += found[0].count("\n")
            at = found.end()

    def _stray(self, at: int, line: int) -> TemplateSyntaxError:
        rest = self._text[at:]
        if not rest:
            return self._error("unclosed action", line)
        if rest[0] == '"':
            return self._error("unterminated quoted string", line)
        if rest[0] == "`":
            return self._error("unterminated raw quoted string", line)
        return self._error(f"unexpected {rest[0]!r} in operand".replace("'", '"'), line)

    def _close(self, start: int, end: int, trims: bool) -> None:
        self._line += self._text.count("\n", start, end)
        if trims:
            stripped = self._text[end:].lstrip(_SPACE)
            self._line += self._text.count("\n", end, len(self._text) - len(stripped))
            end = len(self._text) - len(stripped)
        self._at = end

    # -- structure

    def _list(self) -> tuple[list[Any], str]:
        """Nodes up to an ``end`` or ``else``, and which of them it is (with what follows an ``else``)."""
        nodes: list[Any] = []
        while (item := self._next()) is not None:
            if isinstance(item, Text):
                if item.text:
                    nodes.append(item)
                continue
            self._tokens, self._place = item, 0
            if not item:
                raise self._error("missing value for command")
            head = item[0]
            if head.kind == "word" and head.text in ("end", "else"):
                self._place = 1
                if head.text == "end" and len(item) > 1:
                    raise self._unexpected("end")
                return nodes, head.text
            nodes += self._node(head)
        return nodes, ""

    def _node(self, head: Token) -> list[Any]:
        word = head.text if head.kind == "word" else ""
        if word in ("if", "with", "range"):
            self._place = 1
            return [self._control(word)]
        if word == "define":
            self._define()
            return []
        if word in ("template", "block"):
            return [self._call(word)]
        if word in ("break", "continue") and len(self._tokens) == 1:
            if not self._loops:
                raise self._error(f"{{{{{word}}}}} outside {{{{range}}}}")
            return [Break() if word == "break" else Continue()]
        return [Action(self._pipeline("command"))]

    def _control(self, word: str) -> Any:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error("template is nested too deeply")
        outer = len(self._variables)
        pipeline = self._pipeline(word)
        if word == "range":
            self._loops += 1
        body, end = self._list()
        if word == "range":
            self._loops -= 1
        otherwise: list[Any] = []
        if end == "else":
            if self._place < len(self._tokens):
                chained = self._tokens[self._place].text
                if chained != word or word == "range":
                    raise self._unexpected("else")
                self._place += 1
                otherwise = [self._control(word)]
                end = "end"
            else:
                otherwise, end = self._list()
        if end != "end":
            raise self._error("unexpected {{else}}" if end else "unexpected EOF")
        del self._variables[outer:]
        self._depth -= 1
        if word == "range":
            return Range(pipeline, body, otherwise)
        return If(pipeline, body, otherwise, word == "with")

    def _template_name(self, context: str) -> str:
        if self._place >= len(self._tokens) or self._tokens[self._place].kind not in ("string", "raw"):
            raise self._unexpected(context)
        token = self._tokens[self._place]
        self._place += 1
        return str(self._literal(token))

    def _define(self) -> None:
        self._place = 1
        name = self._template_name("define clause")
        if self._place < len(self._tokens):
            raise self._unexpected("define clause")
        self.defined[name] = self._inner("define clause")

    def _inner(self, context: str) -> list[Any]:
        """The nodes of a template within this one; variables of this one are not known there."""
        outer, self._variables = self._variables, ["$"]
        loops, self._loops = self._loops, 0
        nodes, end = self._list()
        if end != "end":
            raise self._error(f"unexpected {'{{else}}' if end else 'EOF'} in {context}")
        self._variables, self._loops = outer, loops
        return nodes

    def _call(self, word: str) -> Call:
        line = self._tokens[0].line
        self._place = 1
        name = self._template_name(f"{word} clause")
        pipeline = self._pipeline(f"{word} clause") if self._place < len(self._tokens) else None
        if word == "block":
            if pipeline is None:
                raise self._error("missing value for block clause")
            self.defined[name] = self._inner("block clause")
        return Call(line, name, pipeline)

    # -- pipelines

    def _unexpected(self, context: str) -> TemplateSyntaxError:
        if self._place < len(self._tokens):
            token = self._tokens[self._place]
            return self._error(f"unexpected <{token.text}> in {context}", token.line)
        return self._error(f"unexpected end of {context}")

    def _peek(self, ahead: int = 0) -> Token | None:
        place = self._place + ahead
        return self._tokens[place] if place < len(self._tokens) else None

    def _pipeline(self, context: str, nested: bool = False) -> Pipeline:
        pipeline = Pipeline([])
        if not nested:
            self._declarations(pipeline, context)
        while True:
            pipeline.commands.append(self._command(context))
            token = self._peek()
            if token is None or token.text == ")":
                break
            self._place += 1
        if (token := self._peek()) is not None and not nested:
            raise self._unexpected(context)
        for command in pipeline.commands[1:]:
            first = command.operands[0]
            if isinstance(first, Constant | Dot) and not getattr(first, "fields", ()):
                raise self._error(
                    f"non executable command in pipeline stage {pipeline.commands.index(command) + 1}", first.line
                )
        if pipeline.declares:
            self._variables += pipeline.variables
        return pipeline

    def _declarations(self, pipeline: Pipeline, context: str) -> None:
        first, second = self._peek(), self._peek(1)
        if first is None or first.kind != "variable" or second is None:
            return
        if second.kind in ("declare", "assign"):
            pipeline.variables = [first.text]
            pipeline.declares = second.kind == "declare"
            self._place += 2
        elif second.text == "," and context == "range":
            third, fourth = self._peek(2), self._peek(3)
            if third is None or third.kind != "variable" or fourth is None or fourth.kind not in ("declare", "assign"):
                raise self._unexpected("range")
            pipeline.variables = [first.text, third.text]
            pipeline.declares = fourth.kind == "declare"
            self._place += 4
        if not pipeline.declares:
            for name in pipeline.variables:
                self._known(name, first.line)

    def _known(self, name: str, line: int) -> None:
        if name not in self._variables:
            raise self._error(f'undefined variable "{name}"', line)

    def _command(self, context: str) -> Command:
        operands: list[Operand] = []
        while (token := self._peek()) is not None and token.text not in ("|", ")"):
            if operands and not token.spaced and token.kind != "mark":
                raise self._unexpected("operand")
            operands.append(self._operand(token, context))
        if not operands:
            raise self._error(f"missing value for {context}")
        return Command(operands)

    def _operand(self, token: Token, context: str) -> Operand:
        self._place += 1
        where = (token.line, token.column, token.text)
        if token.kind in ("string", "raw", "char", "number"):
            return Constant(*where, self._literal(token))
        if token.kind == "variable":
            self._known(token.text, token.line)
            fields = self._fields()
            return VariableRef(*self._written(token, fields), token.text, fields)
        if token.kind == "field":
            fields = (token.text[1:], *self._fields())
            return Dot(token.line, token.column, "".join(f".{name}" for name in fields), fields)
        if token.kind == "dot":
            return Dot(*where)
        if token.kind == "word":
            if token.text in ("true", "false"):
                return Constant(*where, token.text == "true")
            if token.text == "nil":
                return Constant(*where, None)
            if token.text not in self._functions:
                raise self._error(f'function "{token.text}" not defined', token.line)
            return FunctionRef(*where, token.text)
        if token.text == "(":
            self._depth += 1
            if self._depth > _DEEPEST:
                raise self._error("template is nested too deeply")
            inner = self._pipeline("parenthesized pipeline", nested=True)
            self._depth -= 1
            closing = self._peek()
            if closing is None or closing.text != ")":
                raise self._error("unclosed left paren", token.line)
            self._place += 1
            return Group(*where, inner, self._fields())
        self._place -= 1
        raise self._unexpected(context)

    def _fields(self) -> tuple[str, ...]:
        """Field names that stand right behind an operand."""
        names: list[str] = []
        while (token := self._peek()) is not None and token.kind == "field" and not token.spaced:
            names.append(token.text[1:])
            self._place += 1
        return tuple(names)

    def _written(self, token: Token, fields: tuple[str, ...]) -> tuple[int, int, str]:
        return token.line, token.column, token.text + "".join(f".{name}" for name in fields)

    def _literal(self, token: Token) -> Any:
        text = token.text
        try:
            if token.kind == "raw":
                return text[1:-1]
            if token.kind == "string":
                return unquote(text)
            if token.kind == "char":
                return ord(unquote(text))
            try:
                return parse_int(text)
            except NumberError:
                number = parse_float(text.replace("_", ""))
                return int(number) if number.is_integer() and not re.search(r"[.eE]", text) else number
        except (ValueError, TypeError):
            raise self._error(f"bad literal syntax: {text}", token.line) from None
