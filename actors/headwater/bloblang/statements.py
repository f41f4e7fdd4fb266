"""Mappings and interpolation strings: from text to syntax tree."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from headwater.bloblang.cache import Cache
from headwater.bloblang.depth import deeper
from headwater.bloblang.errors import ParseError
from headwater.bloblang.parser import ExpressionParser
from headwater.bloblang.registry import PARSED_IN, Environment
from headwater.bloblang.scanner import NAME, Failure
from headwater.bloblang.syntax import Assign, IfStatement, Let, Node, Program, SetMeta, Statement

_IMPORT_DEPTH = 64
_programs: Final[Cache[Program]] = Cache()


class MappingParser(ExpressionParser):
    """Reads mappings.

    Args:
        source: The whole text.
        environment: Functions and methods.
        directory: Where relative imports are looked for.
        depth: How many imports lead here.
    """

    def __init__(self, source: str, environment: Environment, directory: str = "", depth: int = 0) -> None:
        super().__init__(source, environment)
        self.directory = directory
        self.imports = depth
        self.maps: dict[str, list[Statement]] = {}
        self.first_line = 1

    def line(self, at: int) -> int:
        """The line of an offset, counted from the first line of the mapping or map around it."""
        return self.source.count("\n", 0, at) + 2 - self.first_line

    def mapping(self) -> Program:
        """The whole text as a mapping.

        Raises:
            ParseError: It is none.
        """
        outer = PARSED_IN.set(self.directory)
        try:
            program = self._mapping()
            program.shared = self.shared
            return program
        except RecursionError:
            raise ParseError(1, 1, "the mapping is nested too deeply") from None
        except Failure as failure:
            raise failure.error(self.source) from None
        finally:
            PARSED_IN.reset(outer)

    def _mapping(self) -> Program:
        try:
            return self._direct_import()
        except Failure as failure:
            if failure.fatal:
                raise
        self.at = 0
        try:
            return self._statements()
        except Failure as failure:
            if failure.fatal:
                raise
            statements = failure
        try:
            return self._shorthand()
        except Failure as failure:
            shorthand = failure
        if self.slices and "[" in self.source:
            # Brackets behind a value are no syntax for all: what is wrong is told as if they were none.
            self.slices = False
            try:
                self._shorthand()
            except Failure as failure:
                shorthand = failure
        raise shorthand if shorthand.at > statements.at else statements

    def _direct_import(self) -> Program:
        self.skip()
        self.term("from")
        self.need_blanks()
        path = self.quoted()
        self.skip()
        program = self._imported(path, 0)
        if self.at < self.end:
            self.fatal(0, f"unexpected content after single root import: {self.source[self.at :]}")
        return program

    def _imported(self, path: str, at: int) -> Program:
        self.shared = False
        if not self.environment.imports:
            self.fatal(at, f"failed to read import: open {path}: imports are switched off")
        full = os.path.abspath(os.path.join(self.directory, path))
        try:
            with open(full, encoding="utf-8", errors="surrogateescape", newline="") as file:
                text = file.read()
        except OSError as error:
            reason = (error.strerror or "failed").lower()
            verb = "read" if isinstance(error, IsADirectoryError) else "open"
            self.fatal(at, f"failed to read import: {verb} {full}: {reason}")
        if self.imports >= _IMPORT_DEPTH:
            self.fatal(at, f"failed to parse import '{path}': imports are nested too deeply")
        parser = MappingParser(text, self.environment, os.path.dirname(full), self.imports + 1)
        try:
            return parser.mapping()
        except ParseError as error:
            self.fatal(at, f"failed to parse import '{path}': {error.text}")

    def _shorthand(self) -> Program:
        self.at = 0
        self.skip()
        start = self.at
        query = self.query()
        written = self.source[start : self.at]
        self.skip()
        if self.at < self.end:
            if len(written) > 12:
                written = written[:12] + "..."
            raise Failure(
                self.at,
                (
                    f"the mapping to end here as the beginning is shorthand for `root = {written}`, "
                    "but this shorthand form cannot be followed with more assignments",
                ),
            )
        return Program([Assign(self.line(start), (), query)], self.maps)

    def _statements(self) -> Program:
        self.maps = {}
        found: list[Statement] = []
        self.skip()
        while True:
            statement = self.first_of(
                self._import, self._map, self._let, self._meta, self._assign, self._if_statement
            )
            if statement is not None:
                found.append(statement)
            self.blanks()
            if self.at == self.end:
                break
            self.line_break()
            self.skip()
            if self.at == self.end:
                break
        return Program(found, self.maps)

    def _import(self) -> None:
        start = self.at
        self.term("import", "import")
        self.need_blanks()
        path = self.required(lambda: self.labelled(self.quoted, "filepath"))
        maps = self._imported(path, start).maps
        if not maps:
            self.fatal(start, f"no maps to import from '{path}'")
        clashes = sorted(set(maps) & set(self.maps))
        if clashes:
            self.fatal(start, f"map name collisions from import '{path}': [{' '.join(clashes)}]")
        self.maps.update(maps)

    def _map(self) -> None:
        start = self.at
        self.term("map", "map")
        self.need_blanks()
        name = self.required(lambda: self.name_or_string("map name"))
        self.need_blanks()
        outer, self.first_line = self.first_line, self.source.count("\n", 0, start) + 1
        try:
            body = self._block(self._let, self._no_meta, self._assign, self._if_statement)
        finally:
            self.first_line = outer
        if name in self.maps:
            self.fatal(start, f"map name collision: {name}")
        self.maps[name] = body

    def _no_meta(self) -> None:
        start = self.at
        self._meta()
        self.fatal(start, "setting meta fields is not allowed within this block")

    def _block(self, *alternatives: Callable[[], Statement | None]) -> list[Statement]:
        self.term("{")

        def line() -> None:
            self.blanks()
            self.line_break()

        found: list[Statement | None] = self.delimited(lambda: self.first_of(*alternatives), line, "}")
        return [statement for statement in found if statement is not None]

    def _value(self) -> Node:
        self.need_blanks()
        return self.query()

    def _let(self) -> Statement:
        start = self.at
        self.term("let", "assignment")
        self.need_blanks()
        name = self.required(lambda: self.name_or_string("variable name"))
        self.need_blanks()
        self.term("=")
        return Let(self.line(start), name, self._value())

    def _meta(self) -> Statement:
        start = self.at
        self.term("meta", "assignment")
        self.need_blanks()
        key = None
        if self.peek('"') or NAME.match(self.source, self.at):
            key = self.name_or_string("meta field")
        self.blanks()
        self.term("=")
        return SetMeta(self.line(start), key, self._value())

    def _assign(self) -> Statement:
        start = self.at
        segments = [self.name("assignment"), *self._below()]
        self.need_blanks()
        self.term("=")
        path = tuple(segments[1:] if segments[0] == "root" else segments)
        return Assign(self.line(start), path, self._value())

    def _below(self) -> list[str]:
        # A path that does not end in a name is taken for its first segment alone.
        start = self.at
        segments: list[str] = []
        while self.peek("."):
            self.at += 1
            try:
                segments.append(self.name_or_string("target path"))
            except Failure as failure:
                if failure.fatal:
                    raise
                self.at = start
                return []
        return segments

    def _if_statement(self) -> Statement:
        self.depth += 1
        try:
            return deeper(self._read_if) if self.depth % 24 == 0 else self._read_if()
        finally:
            self.depth -= 1

    def _read_if(self) -> Statement:
        start = self.at
        self.term("if", "assignment")
        self.need_blanks()
        alternatives = (self._let, self._meta, self._assign, self._if_statement)
        condition = self.required(self.query)
        self.skip()
        branches = [(condition, self._block(*alternatives))]
        otherwise = None
        while True:
            end = self.at
            try:
                self.skip()
                self.term("else if")
                self.need_blanks()
                condition = self.required(self.query)
                self.skip()
                branches.append((condition, self._block(*alternatives)))
            except Failure as failure:
                if failure.fatal:
                    raise
                self.at = end
                break
        try:
            self.skip()
            self.term("else")
            self.skip()
            otherwise = self._block(*alternatives)
        except Failure as failure:
            if failure.fatal:
                raise
            self.at = end
        return IfStatement(self.line(start), branches, otherwise)


def parse_mapping(source: str, environment: Environment, directory: str = "") -> Program:
    """Parse a mapping.

    Raises:
        ParseError: It is none.
    """
    key = (source, environment, environment.revision, environment.imports, directory)
    found = _programs.get(key)
    if found is None:
        found = MappingParser(source, environment, directory).mapping()
        if found.shared:
            _programs.put(key, found)
    return found


def parse_query(source: str, environment: Environment, single_line: bool = False) -> Node:
    """Parse a text that is one query.

    Raises:
        ParseError: It is none, or something follows it.
    """
    parser = ExpressionParser(source, environment)
    try:
        node = parser.query()
        parser.skip()
        if parser.at < parser.end:
            raise Failure(parser.at, ("end of input",))
        return node
    except Failure as failure:
        raise failure.error(source, single_line) from None


def parse_interpolation(source: str, environment: Environment) -> list[str | Node]:
    """Parse a text with ``${! query }`` in it: pieces of text and queries.

    Raises:
        ParseError: A query is none, or does not end.
    """
    parser = ExpressionParser(source, environment)
    pieces: list[str | Node] = []
    text: list[str] = []
    at = 0
    try:
        while True:
            found = source.find("$", at)
            if found < 0:
                text.append(source[at:])
                break
            text.append(source[at:found])
            if source.startswith("${{!", found):
                end = source.find("}}", found)
                if end < 0:
                    raise Failure(found + 4, ("end of escaped expression",), True)
                text.append("${!" + source[found + 4 : end] + "}")
                at = end + 2
            elif source.startswith("${!", found):
                parser.at = found + 3
                parser.blanks()
                node = parser.required(parser.query)
                parser.blanks()
                parser.must("}", "end of expression")
                at = parser.at
                if "".join(text):
                    pieces.append("".join(text))
                text = []
                pieces.append(node)
            else:
                text.append("$")
                at = found + 1
    except Failure as failure:
        raise failure.error(source, True) from None
    if "".join(text):
        pieces.append("".join(text))
    return pieces
