"""Run every analysis that has chapters, and put them into one page."""

from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Final, cast

from vestige.dataset import Dataset
from vestige.disclosure import Override, overriding
from vestige.errors import SettingsError
from vestige.progress import Progress, ignore_progress
from vestige.report.chapters import Chapter, ChapterMaker
from vestige.report.closing_chapters import ending_chapters, opening_chapters
from vestige.report.describe_chapters import describe_chapters
from vestige.report.page import render_page

CHAPTER_MAKERS: Final[tuple[ChapterMaker, ...]] = (describe_chapters,)
"""Those of every report, in the order of their chapters."""

OPTIONAL_CHAPTERS: Final[dict[str, str]] = {
    "activity": "vestige.report.activity_chapters:activity_chapters",
    "network": "vestige.report.network_chapters:network_chapters",
    "careers": "vestige.report.career_chapters:career_chapters",
    "key-members": "vestige.report.key_member_chapters:key_member_chapters",
    "profile": "vestige.report.profile_chapters:profile_chapters",
    "disruption": "vestige.report.disruption_chapters:disruption_chapters",
}
"""Name on the command line -> module:maker, in the order of their chapters; loaded only when asked for."""

MEMBER_CHAPTER: Final = "profile"
"""The one optional chapter that can show a member."""


@dataclass(frozen=True)
class ReportSettings:
    """Choices of a report.

    Attributes:
        forum: code of the one forum to report on; None reports on all of the dataset together.
        study: folder of a study of case files whose chapters follow those on the dataset; None for none.
        trajectories: numbers of groups for the chapter on posting paths; none leave it out, since fits take time.
        chapters: names of further chapters, from `OPTIONAL_CHAPTERS`.
        member: pseudonym of one member, whose place the chapter `profile` shows; needs that chapter.
        overrides: decisions to let out what the disclosure policy holds back; all are listed on the page.

    Raises:
        SettingsError: no such chapter, or a member without the chapter that shows one.
    """

    forum: str | None = None
    study: Path | None = None
    trajectories: tuple[int, ...] = ()
    chapters: tuple[str, ...] = ()
    member: str | None = None
    overrides: tuple[Override, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a chapter that nobody makes."""
        if unknown := set(self.chapters) - OPTIONAL_CHAPTERS.keys():
            raise SettingsError(
                f"{len(unknown)} of the chapters asked for do not exist",
                where="setting chapters",
                hint=f"there are: {', '.join(OPTIONAL_CHAPTERS) or 'none yet'}",
            )
        if self.member is not None and MEMBER_CHAPTER not in self.chapters:
            raise SettingsError("a member is shown in the chapter profile only", hint="add --with profile")


@dataclass(frozen=True)
class Report:
    """A report.

    Attributes:
        title: its title.
        chapters: what it says.
        html: one self-contained page.
    """

    title: str
    chapters: tuple[Chapter, ...]
    html: str = field(repr=False)


def build_report(
    dataset: Dataset,
    *,
    settings: ReportSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Report:
    """A report on a dataset; the same dataset, versions and seed give the same page.

    Args:
        dataset: an opened dataset.
        settings: choices.
        seed: of everything random.
        progress: called as analyses run.

    Raises:
        SettingsError: the dataset has no such forum.
        DatasetError: a table that is needed is absent, or a file was changed.
        StudyError: the study has errors.
        DisclosureError: a table does not declare what the policy needs to know; an override lets nothing out.
    """
    chosen = settings or ReportSettings()
    with overriding(chosen.overrides):
        return _build(dataset, chosen, seed, progress or ignore_progress)


def _build(dataset: Dataset, chosen: ReportSettings, seed: int, progress: Progress) -> Report:
    """All chapters are one run: no figure of one gives away what another holds back."""
    forum = chosen.forum
    codes = [entry.code for entry in dataset.manifest.forums if forum in {None, entry.code}]
    if not codes:
        raise SettingsError("the dataset has no such forum", where="setting forum", hint="see the manifest's forums")
    middle = tuple(
        chapter
        for maker in (*CHAPTER_MAKERS, *_optional_makers(chosen))
        for chapter in maker(dataset, forum=forum, seed=seed, progress=progress)
    )
    if chosen.trajectories:
        from vestige.report.trajectory_chapters import trajectory_chapters

        middle += trajectory_chapters(dataset, groups=chosen.trajectories, forum=forum, seed=seed, progress=progress)
    if chosen.study is not None:
        from vestige.report.study import checked_chapters

        middle += checked_chapters(chosen.study, seed=seed)
    opening = tuple(opening_chapters(dataset, forum))
    ending = tuple(ending_chapters(dataset, middle, seed=seed, options=_options(chosen)))
    chapters = (*opening, *middle, *ending)
    title = f"Activity on the forum {codes[0]}" if len(codes) == 1 else f"Activity on the forums {', '.join(codes)}"
    return Report(title, chapters, render_page(title, f"Dataset {dataset.manifest.digest}", chapters))


def _optional_makers(settings: ReportSettings) -> list[ChapterMaker]:
    """Makers in the registry's order, whatever the order of the names."""
    makers = []
    for name, place in OPTIONAL_CHAPTERS.items():
        if name in settings.chapters:
            module, function = place.split(":")
            maker = getattr(import_module(module), function)
            given = name == MEMBER_CHAPTER and settings.member is not None
            makers.append(cast("ChapterMaker", partial(maker, member=settings.member) if given else maker))
    return makers


def _options(settings: ReportSettings) -> str:
    """The settings as on the command line; a study's folder and a pseudonym are not printed."""
    options = [f" --forum {settings.forum}"] if settings.forum else []
    options += [f" --trajectories {','.join(map(str, settings.trajectories))}"] if settings.trajectories else []
    options += [f" --with {name}" for name in OPTIONAL_CHAPTERS if name in settings.chapters]
    options += [" --member PSEUDONYM"] if settings.member else []
    options += [" --overrides FILE"] if settings.overrides else []
    return "".join(options)
