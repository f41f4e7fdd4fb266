"""What users of the language hold: compiled mappings, queries and interpolation strings."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from collections.abc import Mapping as MappingType
from copy import copy
from typing import Any, Final, TypeVar

from headwater.bloblang.cache import Cache
from headwater.bloblang.errors import BloblangError, ParseError, TypeMismatch
from headwater.bloblang.execution import NO_CONTEXT, BadDocument, abandoned
from headwater.bloblang.failures import Failed, explained
from headwater.bloblang.hollows import hollow
from headwater.bloblang.payloads import PayloadCompiler
from headwater.bloblang.program import ProgramCompiler
from headwater.bloblang.queries import QueryCompiler
from headwater.bloblang.registry import Environment
from headwater.bloblang.statements import parse_interpolation as _parse_pieces
from headwater.bloblang.statements import parse_mapping, parse_query
from headwater.bloblang.syntax import Literal, Node, Program
from headwater.bloblang.values import DELETE, NOTHING, encode_text, hollowed, to_text
from headwater.documents import decode_textual
from headwater.errors import DocumentError
from headwater.message import UNSET, Batch, Message, Payloads

T = TypeVar("T")


class _Callable:
    """An object whose every instance is called in its own way."""

    # HOT: as a slot, what `__call__` is bound to is found without a step through Python code.
    __slots__ = ("__call__", "__dict__", "__weakref__")

    __call__: Callable[[Any], Any]


class Mapping(_Callable):
    """A compiled mapping. It may be used by many threads at once.

    It can be called with a document as Python has it, or JSON as bytes, and returns what the mapping makes of it:
    the new document (as bytes, where it was given bytes); the one given where the mapping assigns nothing;
    `values.DELETE` where it deletes the message. It raises a BloblangError where the mapping fails. The document given
    is left as it is, but the new one may share parts with it.

    Attributes:
        text: As it was written.
        uses_batch: Whether it reads other messages of the batch, or its place in it.
        bare: Whether it looks at nothing of a message but its payload, so that `apply_payloads` may be used.
        stateless: Whether what it does depends on its text and its message alone.
    """

    def __init__(
        self, text: str, program: Program, directory: str = "", resources: Any = None, variables: bool = False
    ) -> None:
        self.text = text
        self._program = program
        self._directory = directory
        self._resources = resources
        self._variables = variables
        compiler = _loaded(ProgramCompiler, program)
        self._main: Callable[..., Any] = _loaded(compiler.compile, variables)["main"]
        self._forms: dict[str, Callable[..., Any]] = {}  # shared by all copies: compiled once, when first asked for
        self.__call__ = self._first_call
        self._uses_this = compiler.uses_this
        self.uses_batch = compiler.uses_batch
        self.bare = not compiler.uses_message
        self.stateless = program.shared

    def _compiled(self, other: Callable[..., Any] | None = None, **mode: bool) -> Callable[..., Any]:
        compiler = ProgramCompiler(self._program, plain=other is not None, **mode)
        names = _loaded(compiler.compile, self._variables)
        names["OTHER"] = other
        return names["main"]  # type: ignore[no-any-return]

    def within(self, resources: Any) -> Mapping:
        """The same mapping, with what the functions for caches look for within reach."""
        bound = copy(self)
        bound._resources = resources
        if bound.__call__ == self._first_call:
            bound.__call__ = bound._first_call
        return bound

    def apply(self, message: Message, batch: Batch | None = None, index: int = 0) -> Message | None:
        """Map a message to a new one.

        Args:
            message: Stays as it is.
            batch: The batch that it is part of; alone where None.
            index: Its position there.

        Returns:
            The new message, or None where the mapping deleted it.

        Raises:
            BloblangError: The mapping failed.
        """
        try:
            return self._main(message, batch, index, None, self._directory, self._resources)  # type: ignore[no-any-return]
        except Exception as error:
            failure = explained(error)
        raise failure

    def apply_many(self, messages: Sequence[Message]) -> list[Message | Failed | None]:
        """Map messages that are each a batch of their own; what failed is marked with `Failed`."""
        main = self._forms.get("many")
        if main is None:
            main = self._forms["many"] = self._compiled(self._main, many=True)
        return main(messages, self._directory, self._resources)  # type: ignore[no-any-return]

    def apply_payloads(self, payloads: Payloads) -> list[bytes | Failed | None]:
        """The same for messages that are nothing but payloads, for a mapping that is `bare`."""
        main = self._forms.get("bare")
        if main is None:
            names = _loaded(PayloadCompiler(self._program).compile)
            names["OTHER"] = self._main
            main = self._forms["bare"] = names["main"]
        return main(payloads, self._directory, self._resources)  # type: ignore[no-any-return]

    def value(
        self,
        message: Message | None,
        batch: Batch | None = None,
        index: int = 0,
        *,
        this: Any = UNSET,
        variables: MappingType[str, Any] | None = None,
    ) -> Any:
        """The root that the mapping builds; `values.NOTHING` or `values.DELETE` where that is what it comes to.

        Raises:
            BloblangError: The mapping failed.
        """
        try:
            return self._main(message, batch, index, variables, self._directory, self._resources, this, ())
        except Exception as error:
            failure = explained(error)
        raise failure

    def body(self) -> Callable[[Any], Any]:
        """What a call of the mapping runs, as a bare function."""
        if self.__call__ == self._first_call:
            self.__call__ = self._compiled(self._called_otherwise, document=True)
        return self.__call__

    def _first_call(self, document: Any) -> Any:
        return self.body()(document)

    def _called_otherwise(self, document: Any) -> Any:
        """Map what is no plain dict."""
        if isinstance(document, bytes | bytearray | memoryview):
            result = self.apply(Message(bytes(document)))
            return DELETE if result is None else result.content()
        if isinstance(document, dict):
            return self.body()(dict(document))
        main = self._forms.get("anything")
        if main is None:
            main = self._forms["anything"] = self._compiled(document=True)
        return main(document)

    def check(self, message: Message, batch: Batch | None = None, index: int = 0) -> bool:
        """The mapping as a condition.

        Raises:
            BloblangError: It failed, or its result is no boolean.
        """
        value = self.value(message, batch, index)
        if value is True or value is False:
            return value
        if value is DELETE:
            raise BloblangError("query mapping resulted in deleted message, expected a boolean value")
        failure = TypeMismatch(value, "bool")
        failure.annotate("mapping")
        raise failure

    def mutate(self, message: Message, batch: Batch | None = None, index: int = 0) -> Message | None:
        """Map a message with root beginning as the message itself.

        Returns:
            The new message, or None where the mapping deleted it.

        Raises:
            MutationError: It failed; holds the message as far as it was changed.
        """
        main = self._forms.get("mutation")
        if main is None:
            main = self._forms["mutation"] = self._compiled(mutation=True)
        partial: list[tuple[Any, dict[str, Any], Message]] = []
        try:
            root = main(message, batch, index, None, self._directory, self._resources, UNSET, partial)
        except Exception as error:
            failure = MutationError(explained(error), message)
            if partial:
                failure.message = abandoned(message, *partial[0])
            raise failure from None
        return root  # type: ignore[no-any-return]

    def overlay(self, target: Message, batch: Sequence[Message], index: int = 0) -> Message | None:
        """Map a message of a batch onto another one.

        `this` and the functions that read messages see the former; root and the metadata that is written (`@`) begin as
        those of the latter.

        Returns:
            The other message, changed, or None where the mapping deleted it.

        Raises:
            BloblangError: The mapping failed.
        """
        main = self._forms.get("overlay")
        if main is None:
            main = self._forms["overlay"] = self._compiled(overlay=True)
        this: Any = NO_CONTEXT
        if self._uses_this:
            try:
                this = batch[index].document()
            except DocumentError as error:
                this = BadDocument(str(error))
        try:
            root = target.document()
        except DocumentError:
            root = None
        start = (NOTHING if root is None else root,)
        try:
            return main(target, batch, index, None, self._directory, self._resources, this, start)  # type: ignore[no-any-return]
        except Exception as error:
            failure = explained(error)
        raise failure


class MutationError(BloblangError):
    """A mutation failed; `message` is the message as far as it was changed."""

    def __init__(self, error: BloblangError, message: Message) -> None:
        super().__init__(error.text, True)
        self.message = message


class Query:
    """A compiled query: a bare expression."""

    def __init__(
        self, text: str, node: Node, resources: Any = None, variables: bool = False, interpolated: bool = False
    ) -> None:
        self.text = text
        self._resources = resources
        compiler = _loaded(QueryCompiler, node, variables, interpolated)
        self._main: Callable[..., Any] = _loaded(compiler.compile)["main"]
        self.uses_batch = compiler.uses_batch
        self._uses_this = compiler.uses_this
        self._textual = compiler.textual

    def value(
        self,
        batch: Sequence[Message] = (),
        index: int = 0,
        *,
        this: Any = UNSET,
        variables: MappingType[str, Any] | None = None,
    ) -> Any:
        """The query's value for a message of a batch.

        Args:
            batch: The messages.
            index: Which of them.
            this: The context; by default the message's document, or none where it has none.
            variables: Variables, where the query was compiled with them.

        Raises:
            BloblangError: The query failed.
        """
        message = batch[index] if 0 <= index < len(batch) else None
        if this is UNSET:
            this = NO_CONTEXT
            if message is not None and self._uses_this:
                try:
                    this = decode_textual(message.content()) if self._textual else message.document()
                except DocumentError:
                    this = NO_CONTEXT
        try:
            return self._main(message, batch, index, variables, "", self._resources, this)
        except Exception as error:
            failure = explained(error)
        raise failure


class Interpolation:
    """A text with queries in it.

    Attributes:
        static: The text where there is no query in it, else None.
    """

    def __init__(self, text: str, pieces: Sequence[str | Query]) -> None:
        self.source = text
        self._pieces = pieces
        self.static: str | None = None
        if all(isinstance(piece, str) for piece in pieces):
            self.static = "".join(piece for piece in pieces if isinstance(piece, str))
        self.uses_batch = any(not isinstance(piece, str) and piece.uses_batch for piece in pieces)

    def text(self, batch: Sequence[Message], index: int = 0) -> str:
        """The text for a message of a batch.

        Raises:
            BloblangError: A query failed.
        """
        if self.static is not None:
            return self.static
        return "".join(
            [piece if isinstance(piece, str) else to_text(piece.value(batch, index)) for piece in self._pieces]
        )

    def bytes(self, batch: Sequence[Message], index: int = 0) -> bytes:
        """The text as bytes; what queries give as bytes stays as it is."""
        return encode_text(self.text(batch, index))


def _loaded(make: Callable[..., T], *arguments: Any) -> T:
    try:
        return make(*arguments)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ParseError(1, 1, "the mapping is nested too deeply to be compiled") from error


_mappings: Final[Cache[Mapping]] = Cache()


def compile_mapping(
    text: str,
    environment: Environment | None = None,
    path: str | None = None,
    resources: Any = None,
    *,
    variables: bool = False,
) -> Mapping:
    """Compile a mapping.

    Args:
        text: The mapping.
        environment: Functions and methods; by default all.
        path: The file that the mapping stands in, or a directory; relative imports are resolved from there.
        resources: What functions such as `cache_get` use.
        variables: Whether `Mapping.value` may be given variables.

    Raises:
        ParseError: The text is no mapping.
    """
    environment = environment or Environment.default()
    directory = ""
    if path:
        directory = path if os.path.isdir(path) else os.path.dirname(path)
    key = (text, environment, environment.revision, environment.imports, directory, variables)
    found: Mapping | None = _mappings.get(key)
    if found is None:
        program = parse_mapping(text, environment, directory)
        found = Mapping(text, program, directory, None, variables)
        if program.shared:
            _mappings.put(key, found)
    return found if resources is None else found.within(resources)


def compile_query(
    text: str,
    environment: Environment | None = None,
    resources: Any = None,
    *,
    variables: bool = False,
) -> Query:
    """Compile a bare query.

    Raises:
        ParseError: The text is none.
    """
    node = parse_query(text, environment or Environment.default())
    return Query(text, node, resources, variables)


def parse_interpolation(
    text: str, environment: Environment | None = None, resources: Any = None
) -> Interpolation:
    """Compile a text with ``${! query }`` in it.

    Raises:
        ParseError: A query in it is none.
    """
    if "$" not in text:
        return Interpolation(text, [text] if text else [])
    pieces: list[str | Query] = []
    for piece in _parse_pieces(text, environment or Environment.default()):
        if isinstance(piece, str):
            pieces.append(piece)
        elif isinstance(piece, Literal):
            pieces.append(to_text(hollowed(piece.value)))
        else:
            pieces.append(Query("", hollow(piece), resources, interpolated=True))
    return Interpolation(text, pieces)


