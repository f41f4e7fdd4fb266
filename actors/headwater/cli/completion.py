"""`headwater completion SHELL`: a script that completes verbs, flags and file names."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from headwater.cli.arguments import VERBS, Parser, Verbs, fail

SHELLS: Final = ("bash", "zsh", "fish")

EPILOG: Final = """\
to switch it on:
  bash   headwater completion bash > ~/.local/share/bash-completion/completions/headwater
  zsh    headwater completion zsh > "${fpath[1]}/_headwater"
  fish   headwater completion fish > ~/.config/fish/completions/headwater.fish
"""

BASH: Final = """\
_headwater() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb= word words=
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
            %(verbs)s) verb=$word; break ;;
        esac
    done
    case "$verb $before" in
%(values)s
        *)
            case $verb in
%(cases)s
                *) words="%(words)s" ;;
            esac ;;
    esac
    COMPREPLY=()
    if [[ -n $words ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    fi
    if [[ -n $verb && $current != -* && ${#COMPREPLY[@]} == 0 ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    fi
}
complete -o filenames -F _headwater headwater
"""

ZSH: Final = """\
#compdef headwater
_headwater() {
    local -a verbs
    local state
    verbs=(
%(verbs)s
    )
    _arguments -C '1: :->verb' '*:: :->rest'
    case $state in
        verb) _describe 'verb' verbs ;;
        rest)
            case $words[1] in
%(cases)s
            esac ;;
    esac
}
_headwater "$@"
"""


def add_parser(subparsers: Verbs) -> None:
    """Describe the verb."""
    parser = subparsers.add_parser("completion", help="print a completion script for your shell", epilog=EPILOG)
    parser.add_argument("shell", metavar="SHELL", help="bash, zsh or fish")


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    scripts = {"bash": bash, "zsh": zsh, "fish": fish}
    if args.shell not in scripts:
        return fail(f"no completion for {args.shell!r}; there is one for {', '.join(SHELLS)}")
    sys.stdout.write(scripts[args.shell](flags_of_verbs()))
    return 0


@dataclass(frozen=True)
class Flag:
    """A flag of a verb.

    Attributes:
        valued: Whether a value follows it.
        values: The values it takes, where these are few.
    """

    name: str
    help: str
    valued: bool
    values: tuple[str, ...] = ()


Flags = dict[str, list[Flag]]
"""The flags of each verb."""


def words_of(verb: str) -> tuple[str, ...]:
    """What may stand behind a verb and is no file."""
    if verb == "list":
        from headwater.config.spec import PLURALS

        return (*PLURALS.values(), "bloblang-functions", "bloblang-methods")
    return {"completion": SHELLS, "template": ("lint",), "blobl": ("server",)}.get(verb, ())


def flags_of_verbs() -> Flags:
    """The flags of every verb, as their parsers have them."""
    flags: Flags = {}
    for verb in VERBS:
        verbs = Verbs()
        importlib.import_module(f"headwater.cli.{verb}").add_parser(verbs)
        assert verbs.parser is not None
        flags[verb] = _flags(verbs.parser)
    return flags


def _flags(parser: Parser) -> list[Flag]:
    return [
        Flag(name, action.help or "", action.nargs != 0, tuple(map(str, action.choices or ())))
        for action in parser._actions
        if action.help != argparse.SUPPRESS
        for name in action.option_strings
        if name.startswith("--")
    ]


def bash(flags: Flags) -> str:
    """The script for bash."""
    values = "\n".join(
        f'        "{verb} {flag.name}") words="{" ".join(flag.values)}" ;;'
        for verb, known in flags.items()
        for flag in known
        if flag.valued
    )
    cases = "\n".join(
        f'                {verb}) words="{" ".join((*words_of(verb), *sorted(flag.name for flag in known)))}" ;;'
        for verb, known in flags.items()
    )
    return BASH % {"verbs": "|".join(flags), "words": " ".join(flags), "cases": cases, "values": values}


def zsh(flags: Flags) -> str:
    """The script for zsh."""
    verbs = "\n".join(f"        {_quoted(f'{verb}:{VERBS[verb]}')}" for verb in flags)
    cases = "\n".join(
        f"                {verb}) _arguments "
        + " ".join(_quoted(_zsh_flag(flag)) for flag in known)
        + _zsh_words(words_of(verb))
        + " '*:file:_files' ;;"
        for verb, known in flags.items()
    )
    return ZSH % {"verbs": verbs, "cases": cases}


def _zsh_words(words: Sequence[str]) -> str:
    return f" '1:word:({' '.join(words)})'" if words else ""


def _zsh_flag(flag: Flag) -> str:
    value = f":value:({' '.join(flag.values)})" if flag.values else ":value:_files" if flag.valued else ""
    return f"{flag.name}[{_bare(flag.help)}]{value}"


def fish(flags: Flags) -> str:
    """The script for fish."""
    lines = [f"complete -c headwater -n __fish_use_subcommand -f -a {verb} -d {_quoted(VERBS[verb])}" for verb in flags]
    for verb, known in flags.items():
        behind = f"complete -c headwater -n '__fish_seen_subcommand_from {verb}'"
        if words := words_of(verb):
            lines.append(f"{behind} -f -a {_quoted(' '.join(words))}")
        for flag in known:
            value = f" -x -a {_quoted(' '.join(flag.values))}" if flag.values else " -r" if flag.valued else ""
            lines.append(f"{behind} -l {flag.name[2:]}{value} -d {_quoted(flag.help)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _bare(text: str) -> str:
    return text.replace("[", "(").replace("]", ")").replace(":", "\\:")
