"""What is wrong with a JMESPath query, in the words of the Go library that Benthos uses."""

from __future__ import annotations

from typing import Final

from headwater.bloblang.goformat import sprintf

_TYPES: Final = {"array-number": "array[number]", "array-string": "array[string]", "expref": "expref"}
_BY: Final = ("max_by", "min_by", "sort_by")
_TOKENS: Final = {
    "UNQUOTED_IDENTIFIER": "tUnquotedIdentifier",
    "QUOTED_IDENTIFIER": "tQuotedIdentifier",
    "RBRACKET": "tRbracket",
    "LBRACKET": "tLbracket",
    "RPAREN": "tRparen",
    "LPAREN": "tLparen",
    "RBRACE": "tRbrace",
    "LBRACE": "tLbrace",
    "LITERAL": "tStringLiteral",
    "NUMBER": "tNumber",
    "CURRENT": "tCurrent",
    "COMMA": "tComma",
    "COLON": "tColon",
    "DOT": "tDot",
    "STAR": "tStar",
    "EXPREF": "tExpref",
    "EOF": "tEOF",
}


def refusal(query: str, error: Exception) -> str:
    """The words for a query that cannot be compiled."""
    token = str(getattr(error, "token_type", "") or "")
    text = str(getattr(error, "msg", "") or error)
    if not query or token in ("", "EOF"):
        return "SyntaxError: Incomplete expression"
    if text.startswith("Unexpected token"):
        return f"SyntaxError: Unexpected token at the end of the expression: {_TOKENS.get(token, token)}"
    lexer = getattr(error, "message", None)
    if lexer is not None and "Unclosed" in str(lexer):
        return f"SyntaxError: Unclosed delimiter: {getattr(error, 'lexer_value', '')[:1]}"
    if lexer is not None:
        return f"SyntaxError: Unknown char: '{getattr(error, 'lexer_value', ' ')[:1]}'"
    return f"SyntaxError: Invalid token: {_TOKENS.get(token, token)}"


def complaint(error: Exception) -> str:
    """The words for a query that failed."""
    kinds = getattr(error, "expected_types", None)
    if kinds is not None:
        if getattr(error, "function_name", "") in _BY and "array" not in kinds:
            return "invalid type, must be number of string"
        names = ", ".join(f'"{_TYPES.get(kind, kind)}"' for kind in kinds)
        shown = sprintf("%v", [getattr(error, "current_value", None)])
        return f"Invalid type for: {shown}, expected: []jmespath.jpType{{{names}}}"
    if hasattr(error, "expected_arity"):
        return "incorrect number of args"
    text = str(error)
    name = text.removeprefix("Unknown function: ")
    return f"unknown function: {name.removesuffix('()')}" if name != text else text
