"""The optional chapter on the reference profile of all members, and the one on a member who was asked for."""

from typing import Final

from vestige.activity import ComparisonResult, ProfileResult, ProfileSettings, compare_member, fit_profile
from vestige.activity.comparison_words import NOT_A_RATIO
from vestige.activity.profile_charts import profile_charts as charts_of
from vestige.dataset import Dataset
from vestige.progress import Progress
from vestige.report.chapters import Chapter, Chart, Part, Points, Words
from vestige.report.prose import paragraphs

PROFILE: Final = paragraphs("""
What every member did, also the many who never wrote, as quantiles: half of the members did at most the median, nine of
ten at most the 90 % quantile. A rate divides by the time in which the member could have been seen: from registration,
or from the first record where that is later, to the end of the window. Who could be seen for less than a week has no
rate.
""")
MISLEAD: Final = (
    "An account is not a person: one person may have several, and several may share one.",
    "A log that covers the last days only shows habits of those days.",
    "Members who joined late had less time: compare rates, or members of the same cohort of registration.",
    "What no table records is not zero; it is unknown.",
)
MEMBER: Final = paragraphs("""
This chapter, unlike the rest of the report, is about one member, whose pseudonym was given when the report was made. It
says how this member's activity compares with that of the other members. Those with just as much count half. The
interval is that of the percentile among members of the kind that such a forum attracts, the members seen being a sample
of them; among exactly these members in exactly this window the percentile has no error.
""")
MEMBER_MISLEAD: Final = (
    NOT_A_RATIO,
    "Activity of an account is no proof of who used it.",
    "Unusual is not unlawful, and ordinary is not innocent: the comparison is with members of the same forum.",
    "Several measures tell the same story; they are not several pieces of evidence.",
)
_HEADING: Final = ("How this can mislead:",)


def profile_chapters(
    dataset: Dataset, *, forum: str | None, seed: int, progress: Progress, member: str | None = None
) -> tuple[Chapter, ...]:
    """The chapter on all members, and, if one is asked for, the one on a member.

    Args:
        dataset: an opened dataset.
        forum: code of the forum; may be None where the dataset has one.
        seed: kept in the provenance.
        progress: told of every step.
        member: pseudonym of a member; None for nobody.

    Raises:
        SettingsError: several forums and none chosen, or no member has the pseudonym.
        DatasetError: the forum has no member.
    """
    profile = fit_profile(dataset, settings=ProfileSettings(forum=forum), seed=seed, progress=progress)
    chapters = (_all_members(profile),)
    if member is None:
        return chapters
    return (*chapters, _one_member(profile, compare_member(profile, member, seed=seed)))


def _all_members(profile: ProfileResult) -> Chapter:
    parts: list[Part] = [Words(PROFILE)]
    for name in profile.plot_names:
        kind = profile.charts()[name]
        parts.append(Chart(kind.title, kind.words(profile.safe_by_name), profile.plot(name)))
    parts += [*profile.safe_tables, Words(_HEADING), Points(MISLEAD)]
    return Chapter("profile", "The profile of all members", tuple(parts), profile.findings, profile.provenance)


def _one_member(profile: ProfileResult, compared: ComparisonResult) -> Chapter:
    parts: list[Part] = [Words(MEMBER), Points(compared.sentences(brief=True))]
    marked = charts_of(profile.settings.per_days, compared.member_values())
    for name in profile.plot_names:
        kind = marked[name]
        title = f"{kind.title}, the member marked"
        parts.append(Chart(title, kind.words(profile.safe_by_name), kind.draw(profile.safe_by_name)))
    for name in compared.plot_names:
        kind = compared.charts()[name]
        parts.append(Chart(kind.title, kind.words(compared.safe_by_name), compared.plot(name)))
    parts += [*compared.safe_tables, Words(_HEADING), Points(MEMBER_MISLEAD)]
    return Chapter("member", "One member among all", tuple(parts), compared.findings, compared.provenance)
