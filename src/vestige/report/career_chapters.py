"""The optional chapters on careers: their course, who attains a role, and how well beginnings foretell."""

from typing import Final

from vestige.careers import (
    AttainmentResult,
    AttainmentSettings,
    CareerSettings,
    ForecastSettings,
    fit_attainment,
    forecast_activity,
    measure_careers,
)
from vestige.dataset import Dataset
from vestige.dataset.schema import Role
from vestige.errors import DatasetError
from vestige.progress import Progress
from vestige.report.chapters import Chapter
from vestige.report.figures_chapter import figures_chapter
from vestige.report.prose import paragraphs

CAREERS: Final = paragraphs("""
A career begins with a member's first post and ends with the last one before a long silence. Members who had not begun,
or whose last post was recent, when the window ended are not taken to have finished: curves allow for them
(Kaplan-Meier). Trends are of monthly posts over all months that a member was observed, empty months included.
""")
CAREERS_MISLEAD: Final = (
    "When a career ends is a convention; a shorter silence ends more of them.",
    "Early and late members differ in how long they could be seen: compare curves and rates, not totals.",
    "A rising trend describes the months seen. It is no statement about what anybody will do.",
)
ATTAINED: Final = paragraphs("""
The curves tell what share of members held the role, had been banned or had left by so many months after registration,
each allowing for the others (Aalen-Johansen). Ratios tell how the rate of attaining the role differed between members
with more and with fewer posts or thanks at the time (Cox's model; covariates of earlier months only).
""")
ATTAINED_MISLEAD: Final = (
    "A hazard ratio tells what went together, not what caused what: who is about to be promoted may post more.",
    "Leaving is judged from silence. Where reading leaves no trace, silent readers look gone.",
    "Only roles that a log dates can be studied; today's roles alone would count those who stayed.",
)
FORECAST: Final = paragraphs("""
Members who began alike are put together, and what was later observed of the earlier ones is compared with what was
observed of those who registered afterwards. The baselines are: nothing changes, and every member is like the cohort.
""")
FORECAST_MISLEAD: Final = (
    "The figures are about groups. Within a group members differ widely, as the quantiles show.",
    "What held for one period of one forum need not hold for another.",
)


def career_chapters(dataset: Dataset, *, forum: str | None, seed: int, progress: Progress) -> tuple[Chapter, ...]:
    """Chapters on careers, on every role that enough members attained, and on the forecast where it can be judged."""
    measured = measure_careers(dataset, settings=CareerSettings(forum=forum), progress=progress)
    chapters = [figures_chapter("careers", "Careers", CAREERS, measured, CAREERS_MISLEAD)]
    for role in Role:
        attained = _attained(dataset, role, forum=forum, seed=seed, progress=progress)
        if attained is not None:
            chapters.append(
                figures_chapter(
                    f"attained-{role.value}", f"Attaining the role {role.value}", ATTAINED, attained, ATTAINED_MISLEAD
                )
            )
    try:
        foretold = forecast_activity(dataset, settings=ForecastSettings(forum=forum), seed=seed, progress=progress)
    except DatasetError:
        return tuple(chapters)
    return (
        *chapters,
        figures_chapter("forecast", "Beginnings and what followed", FORECAST, foretold, FORECAST_MISLEAD),
    )


def _attained(
    dataset: Dataset, role: Role, *, forum: str | None, seed: int, progress: Progress
) -> AttainmentResult | None:
    """A role that enough members attained while observed; being registered is no attainment."""
    if role is Role.REGISTERED:
        return None
    try:
        found = fit_attainment(dataset, settings=AttainmentSettings(role, forum), seed=seed, progress=progress)
    except DatasetError:
        return None
    return found if found.shown else None
