"""The parser of the command line: groups with examples, and suggestions for what is misspelt."""

import shlex

import pytest

from simnet import commands
from simnet.commands import command_parser
from simnet.errors import InputError


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("rn vehicle_platoon", "no command 'rn' (did you mean 'run'?); expected one of: run, sweep, "),
        ("zzz", "no command 'zzz'; expected one of: run, "),
        ("--versoin", "simnet: no option --versoin (did you mean '--version'?)"),
        (
            "run x --reusme d",
            "simnet run: no option --reusme (did you mean '--resume'?) (simnet run --help lists them)",
        ),
        ("sweep x --ot y", "simnet sweep: no option --ot (did you mean '--out'?)"),
        ("encode x -q 3", "simnet encode: no option -q"),
        ("train atn --device gpu", "argument --device: 'gpu' (did you mean 'cpu'?): expected one of: auto, cpu, cuda"),
        ("completion bsh", "'bsh' (did you mean 'bash'?): expected one of: bash, zsh, "),
        ("sweep x", "required: --out (simnet sweep --help says more)"),
    ],
)
def test_misspelt_word_is_refused_with_the_closest_one(typed: str, complaint: str) -> None:
    with pytest.raises(InputError) as caught:
        command_parser.build().parse_args(typed.split())
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    "typed", ["run x --seed", "run -- --reusme", "run x --resum d", "encode x -oy", "run x --set a=-3"]
)
def test_only_words_that_are_options_are_looked_up(typed: str) -> None:
    if typed == "run x --seed":
        with pytest.raises(InputError, match="no option --seed"):
            command_parser.build().parse_args(typed.split())
    else:
        command_parser.build().parse_args(typed.split())


def test_help_shows_every_command_in_its_group_with_an_example() -> None:
    shown = command_parser.build().format_help()
    for group, names in commands.GROUPS.items():
        listed = shown[shown.index(f"{group}:") :]
        for name in names:
            assert f"\n  {name}" in listed
            assert commands.find(name).EXAMPLE in listed


@pytest.mark.parametrize("name", [name for name in commands.NAMES if name != "completion"])
def test_example_is_a_command_that_parses(name: str) -> None:
    program, *typed = shlex.split(commands.find(name).EXAMPLE)
    assert program == "simnet"
    assert command_parser.build().parse_args(typed).command == name
