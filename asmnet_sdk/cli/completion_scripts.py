"""Completion scripts for bash, zsh and fish."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["WRITERS", "Argument", "Command"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """An option, or an argument without a name.

    Attributes:
        options: Its names, such as ``--model``; empty for an argument without a name.
        metavar: What its value is called.
        summary: Its help.
        count: How many values it takes: a number, or ``"+"``, ``"*"``, ``"?"`` as in argparse.
        words: Values to offer.
        has_files: Whether files are offered.
    """

    options: tuple[str, ...]
    metavar: str
    summary: str
    count: int | str
    words: tuple[str, ...]
    has_files: bool

    @property
    def takes_many(self) -> bool:
        """Whether it takes any number of values."""
        return self.count in ("+", "*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command and its arguments."""

    name: str
    summary: str
    arguments: tuple[Argument, ...]

    @property
    def options(self) -> list[Argument]:
        """The arguments with a name."""
        return [argument for argument in self.arguments if argument.options]

    @property
    def option_names(self) -> str:
        """All names of options, in one line."""
        return " ".join(name for argument in self.options for name in argument.options)

    @property
    def positionals(self) -> list[Argument]:
        """The arguments without a name."""
        return [argument for argument in self.arguments if not argument.options]


_BASH = """\
# bash completion of asmnet
_asmnet() {
    local word=${COMP_WORDS[COMP_CWORD]} last=$((COMP_CWORD - 1)) given=0 words="" files=1
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        words="@COMMANDS@"
        files=
    else
        # The option before the word, and how many values it has already; --a=b is three words.
        [[ $word == "=" ]] && word=
        while ((last > 1)) && [[ ${COMP_WORDS[last]} != -* ]]; do
            [[ ${COMP_WORDS[last]} != "=" ]] && ((given++))
            ((last--))
        done
        case "${COMP_WORDS[1]} " in
@POSITIONALS@
        esac
        case "${COMP_WORDS[1]} ${COMP_WORDS[last]} $given" in
@VALUES@
        esac
        if [[ $word == -* ]]; then
            case "${COMP_WORDS[1]}" in
@OPTIONS@
            esac
        fi
    fi
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    [[ $files ]] || compopt +o default 2>/dev/null
}
complete -o default -F _asmnet asmnet
"""


def _bash(commands: Sequence[Command]) -> str:
    root, *commands = commands
    names = " ".join([*(command.name for command in commands), root.option_names])
    values = [
        f'"{command.name} {name} "{_bash_counts(option)}) {_bash_values(option)} ;;'
        for command in commands
        for option in command.options
        if option.count != 0
        for name in option.options
    ]
    positionals = [
        f'"{command.name} ") {_bash_values(*command.positionals)} ;;' for command in commands
    ]
    options = [f'"{command.name}") words="{command.option_names}" ;;' for command in commands]
    text = _BASH.replace("@COMMANDS@", names)
    text = text.replace("@POSITIONALS@", _indented(positionals, 12))
    text = text.replace("@VALUES@", _indented(values, 12))
    return text.replace("@OPTIONS@", _indented(options, 16))


def _bash_counts(option: Argument) -> str:
    """Return a pattern of how many values may stand before the word."""
    if option.takes_many:
        return "*"
    return "0" if option.count in (1, "?") else f"[0-{int(option.count) - 1}]"


def _bash_values(*arguments: Argument) -> str:
    words = " ".join(word for argument in arguments for word in argument.words)
    has_files = any(argument.has_files for argument in arguments)
    return f'words="{words}" files={1 if has_files else ""}'


def _indented(lines: Sequence[str], columns: int) -> str:
    return "\n".join(" " * columns + line for line in lines)


_ZSH = """\
#compdef asmnet
# zsh completion of asmnet
_asmnet_name_or_file() {
    _alternative "names:name:($*)" "files:file:_files"
}
_asmnet() {
    local context state state_descr line
    local -A opt_args
    _arguments -C @ROOT@ '1:command:->command' '*::argument:->argument'
    case $state in
        command)
            local -a commands=(
@COMMANDS@
            )
            _describe command commands
            ;;
        argument)
            case $line[1] in
@ARGUMENTS@
            esac
            ;;
    esac
}
if [[ ${funcstack[1]} == _asmnet ]]; then
    _asmnet "$@"
else
    compdef _asmnet asmnet
fi
"""


def _zsh(commands: Sequence[Command]) -> str:
    root, *commands = commands
    summaries = [_quoted(f"{c.name}:{c.summary}") for c in commands]
    arguments = [f"{c.name}) _arguments {' '.join(_zsh_specs(c))} ;;" for c in commands]
    text = _ZSH.replace("@ROOT@", " ".join(_zsh_specs(root)))
    text = text.replace("@COMMANDS@", _indented(summaries, 16))
    return text.replace("@ARGUMENTS@", _indented(arguments, 16))


def _zsh_specs(command: Command) -> Iterator[str]:
    for option in command.options:
        values = f":{option.metavar}:{_zsh_action(option)}"
        if option.takes_many:
            values = f":*-*{values}"
        elif isinstance(option.count, int):
            values *= option.count
        for name in option.options:
            yield _quoted(f"*{name}[{_zsh_escaped(option.summary)}]{values}")
    for argument in command.positionals:
        place = "*" if argument.takes_many else ""
        yield _quoted(f"{place}:{argument.metavar}:{_zsh_action(argument)}")


def _zsh_action(argument: Argument) -> str:
    words = " ".join(argument.words)
    if argument.words and argument.has_files:
        return f" _asmnet_name_or_file {words}"
    if argument.words:
        return f"({words})"
    return "_files" if argument.has_files else " "


def _zsh_escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "[]:\\" else letter for letter in text)


def _quoted(text: str) -> str:
    """Return a word for sh, zsh or fish that stands for the text."""
    return "'" + text.replace("'", "'\\''") + "'"


def _fish(commands: Sequence[Command]) -> str:
    root, *commands = commands
    lines = ["# fish completion of asmnet"]
    first = "complete -c asmnet -n __fish_use_subcommand -f"
    lines += [f"{first} -a {c.name} -d {_quoted(c.summary)}" for c in commands]
    lines += [f"{first} {_fish_option(option)}" for option in root.options]
    for command in commands:
        start = f"complete -c asmnet -n '__fish_seen_subcommand_from {command.name}'"
        lines += [f"{start} {_fish_values(a, is_option=False)}" for a in command.positionals]
        if not command.positionals:
            lines.append(f"{start} -f")
        lines += [f"{start} {_fish_option(option)}" for option in command.options]
    return "\n".join(lines) + "\n"


def _fish_option(option: Argument) -> str:
    names = (
        f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.options
    )
    values = "" if option.count == 0 else f" {_fish_values(option, is_option=True)}"
    return f"{' '.join(names)}{values} -d {_quoted(option.summary)}"


def _fish_values(argument: Argument, *, is_option: bool) -> str:
    words = f" -a {_quoted(' '.join(argument.words))}" if argument.words else ""
    files = "-F" if argument.has_files else "-f"
    return f"{'-r ' if is_option else ''}{files}{words}"


WRITERS: Mapping[str, Callable[[Sequence[Command]], str]] = MappingProxyType(
    {"bash": _bash, "zsh": _zsh, "fish": _fish}
)
