"""The options that commands share: each command offers the scales that its experiment has."""

import pytest

from compute.__main__ import parser
from compute.core.vocabulary import SCALES
from compute.optimus import train
from compute.supervision import sizes as supervision
from compute.transfer import task as transfer

EXPERIMENTS = {
    "train": train.SCALES,
    "pilot": train.SCALES,
    "finetune": transfer.SCALES,
    "extract": transfer.SCALES,
    "dataset": transfer.SCALES,
    "noise": supervision.SIZES,
    "resampling": supervision.SIZES,
    "teacher": supervision.SIZES,
}


@pytest.mark.parametrize("command", EXPERIMENTS)
@pytest.mark.parametrize("scale", SCALES)
def test_a_command_has_the_scales_of_its_experiment(command, scale, capsys):
    line = [command, "--scale", scale]
    if scale in EXPERIMENTS[command]:
        assert parser().parse_args(line).scale == scale
    else:
        with pytest.raises(SystemExit):
            parser().parse_args(line)
        last = capsys.readouterr().err.splitlines()[-1]
        assert f"invalid choice: '{scale}'" in last and all(name in last for name in EXPERIMENTS[command])


@pytest.mark.parametrize("command", EXPERIMENTS)
def test_the_default_scale_is_one_of_them(command):
    assert parser().parse_args([command]).scale in EXPERIMENTS[command]


@pytest.mark.parametrize("command", EXPERIMENTS)
def test_the_help_says_what_each_scale_is(command, capsys):
    with pytest.raises(SystemExit) as finished:
        parser().parse_args([command, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert finished.value.code == 0 and all(f"{scale}: " in text for scale in EXPERIMENTS[command])
