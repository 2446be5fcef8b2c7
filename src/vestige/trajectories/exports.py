"""The Stata and R code that states a fitted model, for a reader who wants to run it elsewhere."""

from enum import StrEnum

from vestige.inputs import chosen
from vestige.trajectories.export_data import DATA_FILE, refuse_collapsed
from vestige.trajectories.r_code import r_code
from vestige.trajectories.result import TrajectoryResult
from vestige.trajectories.stata_code import stata_code


class Language(StrEnum):
    """Where the code runs."""

    STATA = "stata"
    R = "r"


def export_code(result: TrajectoryResult, language: Language | str, *, data: str = DATA_FILE) -> str:
    """Code that fits the same model with Stata's `traj` (Jones and Nagin) or R's trajeR, crimCV where it is ZIP-tau.

    The packages start once by default and may stop at a lower optimum.

    Args:
        result: a fit.
        language: of the code.
        data: the file that the code reads, the table of `export_data` as CSV.

    Raises:
        SettingsError: a model that the package does not have, or a panel of collapsed patterns.
    """
    target = chosen(Language, language, "language")
    refuse_collapsed(result.panels[0])
    return stata_code(result, data) if target is Language.STATA else r_code(result, data)
