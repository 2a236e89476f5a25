"""README, CONTRIBUTING and what the pages tell people to run agree with the command line and with the tree."""

import ast
import re
import shlex

import pyarrow.parquet as pq
import pytest

from compute.__main__ import parser as compute_parser
from compute.core.experiments import EXPERIMENTS
from compute.core.runs import read_record
from compute.core.vocabulary import PROVENANCES, SCALES
from compute.optimus import train
from store.__main__ import parser as store_parser
from tests.conftest import PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PARSERS = {"compute": compute_parser, "store": store_parser}
COMMAND = re.compile(r"python -m (?:compute|store)\b(?:\"[^\"\n]*\"|[^`\n\"';])*")


def commands_in(text: str) -> list[str]:
    """The command lines of compute and store in a text, without comments and what stands in capitals for a value."""
    found = [line.partition("#")[0].strip(" .,:") for line in COMMAND.findall(text)]
    return [line for line in found if not re.search(r"…|\{|--help|--list --scale|COMMAND|\bFILE\b|\bDIR\b", line)]


def commands_of_pages() -> list[str]:
    """The command lines that the pages name, from their string constants."""
    found = []
    for file in (PROJECT / "pages").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found += commands_in(node.value)
    return found


def parses(command: str) -> None:
    """Let the command line's own parser read a command; fails where it refuses."""
    _, _, program, *arguments = shlex.split(command)
    try:
        PARSERS[program]().parse_args(arguments)
    except SystemExit:
        pytest.fail(f"{command} is refused by its own command line")


@pytest.mark.parametrize("command", dict.fromkeys(commands_in(README + CONTRIBUTING)))
def test_a_command_of_the_documents_is_accepted(command):
    parses(command)


@pytest.mark.parametrize("command", dict.fromkeys(commands_of_pages()))
def test_a_command_that_a_page_names_is_accepted(command):
    parses(command)


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=lambda experiment: experiment.name)
def test_the_command_of_an_experiment_is_accepted(experiment):
    parses(experiment.command_line)


@pytest.mark.parametrize("program", PARSERS)
def test_every_command_is_in_the_readme(program):
    offered = PARSERS[program]()._subparsers._group_actions[0].choices
    named = {shlex.split(command)[3] for command in commands_in(README) if f"-m {program} " in command}
    assert set(offered) <= named


@pytest.mark.parametrize("word", [*SCALES, *PROVENANCES])
def test_the_readme_explains_every_scale_and_provenance(word):
    meaning = {**SCALES, **PROVENANCES}[word]
    assert re.search(rf"`?{word}`?[^\n]*{re.escape(meaning)}", README), f"README does not say of {word}: {meaning}"


def test_the_readme_gives_the_pilots_accuracies():
    pilots = {}
    for folder in (PROJECT / "store/runs").glob("optimus-pilot-*"):
        epochs = pq.read_table(folder / "epochs.parquet").to_pandas()
        record = read_record(folder)
        after_drops = epochs["epoch"] >= max(record["config"]["milestones"])
        accuracy = 100 * epochs["test_accuracy"]
        pilots[record["config"]["weight_decay"]] = accuracy.iloc[-1], accuracy[after_drops].mean()
    (last, mean), (other_last, other_mean) = pilots[1e-4], pilots[5e-4]
    text = " ".join(README.split())
    assert f"With 1e-4 (He et al.'s) it ends at {last:.1f} % of these, with 5e-4 at {other_last:.1f} %" in text
    assert f"the means are {mean:.1f} % and {other_mean:.1f} %" in text
    assert other_last - last <= 0.3 and other_mean - mean <= 0.3
    assert train.SCALES["full"].weight_decay == 1e-4


@pytest.mark.parametrize("path", dict.fromkeys(re.findall(r"`((?:compute|store|pages|tests)/[\w/.-]+)`", CONTRIBUTING)))
def test_a_file_that_contributing_names_is_there(path):
    assert (PROJECT / path).exists()
