"""What can go wrong in Bloblang.

    BloblangError            a mapping failed on a message; the text is the reference's
    ├── TypeMismatch         a value has another type than was asked for
    ├── OperandMismatch      two operands do not go together
    ├── NoDocument           `this` was used, and the message is no JSON document
    └── ParseError           a mapping cannot be compiled; has a line and a column

A failure is annotated once, by the nearest method: ``field `this.a`: text``. Who raises an error does not care for
that;
the compiled code knows what stands where. Native code that puts words before another error uses `prefixed`.
"""

from __future__ import annotations

from typing import Any

from headwater.errors import HeadwaterError


class BloblangError(HeadwaterError):
    """A mapping failed on a message.

    Attributes:
        annotated: Whether the text already says which value the failure is about.
        inside_map: What the innermost named map that failed says, and whether that was annotated; None outside of maps.
        structured: What a statement says instead of all this where the message was no document.
    """

    annotated = False
    constructed = False  # whether a function refused its literal arguments, such as a regular expression
    inside_map: tuple[str, bool] | None = None
    structured = ""

    def __init__(self, text: str, annotated: bool = False) -> None:
        super().__init__(text)
        self.text = text
        if annotated:
            self.annotated = True

    def __str__(self) -> str:
        return self.text

    def annotate(self, annotation: str) -> None:
        """Say which value the failure is about, unless that was said before."""
        if not self.annotated:
            self.annotated = True
            self.text = f"{annotation}: {self.text}"


class TypeMismatch(BloblangError):
    """``expected A[, B] or C value, got T[ from <annotation>][ (<value>)]``.

    Args:
        value: What was met.
        expected: Type names, such as "string".
    """

    def __init__(self, value: Any, *expected: str) -> None:
        from headwater.bloblang.values import shown_value, type_name

        self.expected = expected
        self.actual = type_name(value)
        self.shown = shown_value(value)
        self.origin = ""
        super().__init__("")
        self.text = self._compose()

    def _compose(self) -> str:
        expected = self.expected
        words = f"{', '.join(expected[:-1])} or {expected[-1]}" if len(expected) > 1 else expected[0]
        text = f"expected {words} value, got {self.actual}"
        if self.origin:
            text += f" from {self.origin}"
        if self.shown:
            text += f" ({self.shown})"
        return text

    def annotate(self, annotation: str) -> None:
        """Say where the value came from, unless that was said before."""
        if not self.annotated:
            self.annotated = True
            self.origin = annotation
            self.text = self._compose()


class OperandMismatch(BloblangError):
    """An operator cannot take its two operands, and says itself where they came from."""

    def annotate(self, annotation: str) -> None:
        """Add nothing; words that are put before this error may still be annotated."""


class NoDocument(BloblangError):
    """`this` was used, and the message is no JSON document; `cause` says why, in the reference's words."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class ParseError(BloblangError):
    """A mapping, query or interpolation cannot be compiled.

    Attributes:
        line: Counts from 1.
        column: Counts from 1, in code points.
        message: What was expected, without position: ``required: expected query``.
        got: The next characters of the source, at most five; empty at its end.
    """

    def __init__(self, line: int, column: int, message: str, got: str = "", single_line: bool = False) -> None:
        place = f"char {column}" if single_line else f"line {line} char {column}"
        super().__init__(f"{place}: {message}")
        self.line = line
        self.column = column
        self.message = message
        self.got = got

    @property
    def lint(self) -> str:
        """The text in the form that configuration lint prints after a position.

        What says that something was expected says what was met instead; other words stand for themselves.
        """
        if not self.message.removeprefix("required: ").startswith("expected "):
            return f"{self.message}: {self.got}" if self.got else self.message
        if self.got:
            return f"{self.message}, got: {self.got}"
        return f"{self.message}, but reached end of input"


def prefixed(prefix: str, error: BloblangError) -> BloblangError:
    """Put words before an error; it counts as annotated when the inner one does."""
    # A type error that says where its value came from is still open to the annotation of a method around it.
    made = BloblangError(prefix + error.text, error.annotated and not isinstance(error, TypeMismatch))
    made.inside_map = error.inside_map
    made.structured = error.structured
    return made
