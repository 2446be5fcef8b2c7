"""The optional chapters on activity: volume and threads, who takes part, visits, how concentrated it is."""

from typing import Final

from vestige.activity import (
    ConcentrationSettings,
    ParticipationSettings,
    SessionSettings,
    VolumeSettings,
    measure_concentration,
    measure_participation,
    measure_sessions,
    measure_volume,
)
from vestige.dataset import Dataset
from vestige.progress import Progress
from vestige.report.chapters import Chapter
from vestige.report.figures_chapter import figures_chapter
from vestige.report.prose import paragraphs

VOLUME: Final = paragraphs("""
Everything is counted by month over the whole window, empty months included. A member is active in a month in which any
trace of the kinds that the source records was left.

Curves of threads tell what share lasts longer than a time (Kaplan-Meier). A thread has ended when nobody replied in the
last 90 days of the window; of the others it is known only how long they lasted so far.
""")
VOLUME_MISLEAD: Final = (
    "A trace that the source began to record late looks like growth.",
    "A thread that fell silent may be taken up again after the window; a longer silence ends fewer of them.",
    "The first and the last month may lie only partly in the window.",
)
PARTICIPATION: Final = paragraphs("""
Shares are of all members, with 95 % Wilson intervals. What is called a lurker differs from study to study: members who
never posted, or those with a few posts at most; both stand here. Rates count events over the time that a member was
registered and the trace was recorded.
""")
PARTICIPATION_MISLEAD: Final = (
    "Reading leaves a trace only where the source recorded it; without page views nobody can be seen to read.",
    "Who joined shortly before the window's end had little time to post, and counts as silent.",
    "Accounts are not persons: one person with five accounts is five members.",
)
VISITS: Final = paragraphs("""
A visit is a run of a member's page views and downloads without a pause of more than 30 minutes. The table of gaps shows
how many visits another pause would make. Hours of the week are in UTC.
""")
VISITS_MISLEAD: Final = (
    "Where a visit ends is a convention; look at the table of gaps before comparing numbers of visits.",
    "The last page of a visit was read for an unknown time, and a visit of one page has no length.",
    "The hour-of-week pattern mixes time zones; it does not tell where anybody lives.",
)
CONCENTRATION: Final = paragraphs("""
The Lorenz curve and the Gini coefficient are explained in the chapter on concentration; the Theil index weighs the
busiest members more. The coverage curve tells how few members account for a part of everything. The tail is compared
with a power law and four other distributions by their likelihood.
""")
CONCENTRATION_MISLEAD: Final = (
    "A straight line on logarithmic axes is no proof of a power law; look at the rivals and the goodness of fit.",
    "In heavy tails the intervals cover the truth less often than they say, since few members decide the figure.",
    "Figures among all members and among members with any answer different questions; do not mix them.",
)


def activity_chapters(dataset: Dataset, *, forum: str | None, seed: int, progress: Progress) -> tuple[Chapter, ...]:
    """Chapters on volume, participation, visits and concentration."""
    volume = measure_volume(dataset, settings=VolumeSettings(forum=forum), progress=progress)
    participation = measure_participation(dataset, settings=ParticipationSettings(forum=forum), progress=progress)
    visits = measure_sessions(dataset, settings=SessionSettings(forum=forum), progress=progress)
    concentration = measure_concentration(
        dataset, settings=ConcentrationSettings(forum=forum), seed=seed, progress=progress
    )
    return (
        figures_chapter("activity-volume", "Activity over time, and threads", VOLUME, volume, VOLUME_MISLEAD),
        figures_chapter("activity-members", "Participation", PARTICIPATION, participation, PARTICIPATION_MISLEAD),
        figures_chapter("activity-visits", "Visits", VISITS, visits, VISITS_MISLEAD),
        figures_chapter(
            "activity-tails", "Coverage and heavy tails", CONCENTRATION, concentration, CONCENTRATION_MISLEAD
        ),
    )
