"""Environment variables in configuration texts, and the files that set them."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping
from typing import Final

from headwater.errors import ConfigError, MissingVariables

_REFERENCE: Final = re.compile(
    r"\$\{(?P<name>[0-9A-Za-z_.]+)(?:(?P<colon>:)(?P<default>(?:\$\{[^}]+\}|[^}])*))?(?P<call>\|[^}:]*)?\}"
    r"|\$\{(?P<escaped>\{[0-9A-Za-z_.]+(?::(?:\$\{[^}]+\}|[^}])*)?\})\}"
)
_DECODE: Final = "|base64decode"
_LINE: Final = re.compile(
    r'\s*(?:#.*|(?P<name>[A-Za-z_][A-Za-z0-9_.]*)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s#"]*))(?P<rest>.*))?'
)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}


def replace_variables(text: str, environment: Mapping[str, str] | None = None) -> tuple[str, list[str]]:
    """Put the values of environment variables in place of ``${NAME}``, ``${NAME:default}``, ``${NAME|base64decode}``.

    Args:
        text: A configuration text.
        environment: The variables; those of this process by default.

    Returns:
        The new text, and the names without value and default, in order, as often as they occur.

    Raises:
        ConfigError: A value cannot be decoded, or there is no such decoder.
    """
    if "${" not in text:
        return text, []
    variables = os.environ if environment is None else environment
    missing: list[str] = []

    def value_of(match: re.Match[str]) -> str:
        escaped = match["escaped"]
        if escaped is not None:
            return "$" + escaped
        default, call = match["default"], match["call"] or ""
        if default is not None and default.endswith(_DECODE):
            default, call = default.removesuffix(_DECODE), _DECODE
        value = variables.get(match["name"])
        if default is not None:
            value = value or default
        elif value is None:
            missing.append(match["name"])
            value = ""
        if call:
            value = _decoded(value, call[1:])
        return value.replace("\n", "\\n")

    return _REFERENCE.sub(value_of, text), missing


def substitute(data: bytes, environment: Mapping[str, str] | None = None, *, lenient: bool = False) -> bytes:
    """A configuration text with its variables replaced.

    Raises:
        MissingVariables: Some have neither value nor default, and nobody said `lenient`.
    """
    if b"${" not in data:
        return data
    text, missing = replace_variables(data.decode("utf-8", "surrogateescape"), environment)
    if missing and not lenient:
        raise MissingVariables(missing)
    return text.encode("utf-8", "surrogateescape")


def _decoded(value: str, decoder: str) -> str:
    """A variable's value, decoded."""
    if decoder != "base64decode":
        raise ConfigError(f"unknown env var decode function: {decoder}")
    try:
        return base64.b64decode(value, validate=True).decode("utf-8", "surrogateescape")
    except binascii.Error as error:
        raise ConfigError(f"failed to decode base64 env var: {error}") from None


def read_env_file(text: str, path: str) -> dict[str, str]:
    """The variables that a dotenv file sets.

    Lines are ``NAME=value`` or ``# comment``; a value is bare, and ends at white space or ``#``, or in double quotes.
    What follows it on its line is left out; the lines behind are read all the same.

    Raises:
        ConfigError: A line is neither.
    """
    variables: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise ConfigError(f"failed to parse dotenv file: {path}: line {number}: expected NAME=value")
        name = match["name"]
        if name is None:
            continue
        if match["quoted"] is not None:
            variables[name] = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), match["quoted"])
        else:
            variables[name] = match["bare"]
    return variables


def load_env_files(paths: list[str], environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment with the variables of files; they win over it, and later files over earlier ones.

    Raises:
        ConfigError: A file cannot be read, or is none.
    """
    variables = dict(os.environ if environment is None else environment)
    for path in paths:
        try:
            with open(path, encoding="utf-8", errors="surrogateescape") as file:
                text = file.read()
        except OSError as error:
            raise ConfigError(f"failed to read dotenv file: {go_error('open', path, error)}") from None
        variables.update(read_env_file(text, path))
    return variables


def go_error(action: str, path: str, error: OSError) -> str:
    """A system error as Go words it: ``open PATH: no such file or directory``."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"{action} {path}: {reason[:1].lower()}{reason[1:]}"
