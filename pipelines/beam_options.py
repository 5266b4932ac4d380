"""Beam's options as a user gives them: checked, since Beam drops what it does not know."""

import difflib
import os

from apache_beam.options.pipeline_options import PipelineOptions, _BeamArgumentParser
from apache_beam.runners.portability import flink_runner, spark_runner
from apache_beam.runners.runner import create_runner

from pipelines.errors import RecipeError

_OPTION_MODULES = (flink_runner, spark_runner)  # imported for the options that they declare


def check_options(flags: list[str]) -> None:
    """Raises RecipeError for a flag that no `PipelineOptions` knows, naming the nearest one."""
    parser = _BeamArgumentParser(allow_abbrev=False, exit_on_error=False)
    for options in {PipelineOptions, *_subclasses(PipelineOptions)}:
        options._add_argparse_args(parser)
    try:
        _, unknown = parser.parse_known_args(flags)
    except Exception as error:
        raise RecipeError(f"Beam refuses its options {' '.join(flags)}: {error}") from error
    if unknown:
        name = unknown[0].split("=")[0]
        known = [option for action in parser._actions for option in action.option_strings]
        close = difflib.get_close_matches(name, known, n=1)
        hint = f", did you mean {close[0]}?" if close else ""
        raise RecipeError(f"Beam has no option {name}{hint}")
    _check_runner(PipelineOptions(flags).get_all_options()["runner"])


def _check_runner(name: str | None) -> None:
    try:
        if name:
            create_runner(name)
    except ValueError as error:
        raise RecipeError(str(error)) from error
    except ImportError as error:
        raise RecipeError(f"{name} needs a package that is not installed: {error}") from error


def local_workers(flags: list[str]) -> int:
    """Processes to use on this machine, 0 where the flags name a runner.

    >>> local_workers(["--direct_num_workers=1"]), local_workers(["--runner=FlinkRunner"])
    (1, 0)
    """
    given = PipelineOptions(["--direct_num_workers=0", *flags]).get_all_options()  # else it says 1
    if given["runner"]:
        return 0
    return int(given["direct_num_workers"]) or len(os.sched_getaffinity(0))


def _subclasses(kind: type) -> set[type]:
    direct: list[type] = kind.__subclasses__()
    return {each for sub in direct for each in (sub, *_subclasses(sub))}
