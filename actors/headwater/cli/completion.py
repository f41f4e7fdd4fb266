"""`headwater completion SHELL`: a script that completes verbs, flags and file names."""

from __future__ import annotations

import argparse
import importlib
import sys
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
    local current=${COMP_WORDS[COMP_CWORD]} verb= word
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
            %(verbs)s) verb=$word; break ;;
        esac
    done
    local words
    case $verb in
%(cases)s
        *) words="%(words)s" ;;
    esac
    if [[ -z $verb || $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    fi
    if [[ -n $verb && $current != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    fi
}
complete -o filenames -F _headwater headwater
"""

ZSH: Final = """\
#compdef headwater
_headwater() {
    local -a verbs
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


Flags = dict[str, dict[str, str]]
"""Verb to flag to its help."""


def flags_of_verbs() -> Flags:
    """The flags of every verb, as their parsers have them."""
    flags: Flags = {}
    for verb in VERBS:
        verbs = Verbs()
        importlib.import_module(f"headwater.cli.{verb}").add_parser(verbs)
        assert verbs.parser is not None
        flags[verb] = _flags(verbs.parser)
    return flags


def _flags(parser: Parser) -> dict[str, str]:
    return {
        flag: action.help or ""
        for action in parser._actions
        if action.help != argparse.SUPPRESS
        for flag in action.option_strings
        if flag.startswith("--")
    }


def bash(flags: Flags) -> str:
    """The script for bash."""
    cases = "\n".join(f'        {verb}) words="{" ".join(sorted(names))}" ;;' for verb, names in flags.items())
    return BASH % {"verbs": "|".join(flags), "words": " ".join(flags), "cases": cases}


def zsh(flags: Flags) -> str:
    """The script for zsh."""
    verbs = "\n".join(f"        {_quoted(f'{verb}:{VERBS[verb]}')}" for verb in flags)
    cases = "\n".join(
        f"                {verb}) _arguments "
        + " ".join(_quoted(f"{name}[{_bare(text)}]") for name, text in names.items())
        + " '*:file:_files' ;;"
        for verb, names in flags.items()
    )
    return ZSH % {"verbs": verbs, "cases": cases}


def fish(flags: Flags) -> str:
    """The script for fish."""
    lines = [f"complete -c headwater -n __fish_use_subcommand -f -a {verb} -d {_quoted(VERBS[verb])}" for verb in flags]
    lines += [
        f"complete -c headwater -n '__fish_seen_subcommand_from {verb}' -l {name[2:]} -d {_quoted(text)}"
        for verb, names in flags.items()
        for name, text in names.items()
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _bare(text: str) -> str:
    return text.replace("[", "(").replace("]", ")").replace(":", "\\:")
