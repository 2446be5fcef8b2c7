"""What to know before trusting a network."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from vestige.disclosure.policy import MINIMUM_MEMBERS, ROUND_COUNTS_TO
from vestige.network.settings import NetworkKind, NetworkSettings, ProjectionSettings, ReplyRule
from vestige.results import Finding, Severity

_EVENTS: Final = {
    NetworkKind.REPLY: "answers",
    NetworkKind.THANKS: "reactions",
    NetworkKind.MESSAGES: "messages",
}
_RULES: Final = {
    ReplyRule.PARENT: "A tie runs to the author of the post that the source names as the parent.",
    ReplyRule.PREVIOUS: "A tie runs to the author of the post before in the thread, who need not be whom it answers.",
    ReplyRule.WITHIN: "A tie runs to the authors of the {within} posts before in the thread, of whom it answers few.",
}
NO_TIES: Final = "no-ties"
_FEW_NODES: Final = MINIMUM_MEMBERS
"""Below this, shares and rankings are about persons, not about a network."""


def post_findings(posts: int, by_members: int) -> Iterator[Finding]:
    """Posts by nobody who may be a node."""
    others = posts - by_members
    if others:
        text = (
            f"Of the posts, {share_words(others, posts)} are by guests, deleted, automatic or unknown accounts and "
            "join nobody; whoever wrote them is missing from the network."
        )
        yield Finding("posts-by-others", Severity.NOTE, text)


def event_findings(settings: NetworkSettings, counts: Mapping[str, int], undated: int) -> Iterator[Finding]:
    """Events that make no tie: with an end that is no member, of members with themselves, without a time."""
    events = _EVENTS.get(settings.kind, "posts")
    others = counts["others"]
    if counts["anonymous"] and settings.kind is NetworkKind.THANKS:
        others -= counts["anonymous"]
        text = (
            f"Of the {events}, {share_words(counts['anonymous'], counts['events'])} do not say who gave them: they "
            "count among those received, and make no tie."
        )
        yield Finding("anonymous-reactions", Severity.CAUTION, text)
    if others:
        text = (
            f"Of the {events}, {share_words(others, counts['events'])} have a guest, deleted, automatic or "
            "unknown account at one end and make no tie."
        )
        yield Finding("ends-not-members", Severity.NOTE, text)
    if counts["self_ties"]:
        share = share_words(counts["self_ties"], counts["events"])
        text = f"Of the {events}, {share} are of members with themselves and make no tie."
        yield Finding("self-ties", Severity.NOTE, text)
    if undated:
        yield Finding("undated", Severity.CAUTION, f"Some {events} have no time and lie outside any window.")


def reply_findings(rule: ReplyRule, settings: NetworkSettings, answers: int, known: int) -> Iterator[Finding]:
    """How an answer was told, and how often the source says it."""
    share = f"names a parent for {share_words(known, answers)} of the answers" if answers else "holds no answers"
    text = f"{_RULES[rule].format(within=settings.within)} The source {share}."
    guessed = rule is not ReplyRule.PARENT or (answers and 2 * known < answers)
    yield Finding(f"reply-{rule.value}", Severity.CAUTION if guessed else Severity.NOTE, text)


def near_findings(settings: ProjectionSettings, kept: int, pairs: int) -> Iterator[Finding]:
    """The effect of a window in time on a projection."""
    if pairs:
        text = (
            f"Only posts at most {settings.days:g} days apart join their authors: {share_words(kept, pairs)} of the "
            "pairs of members in shared threads are joined."
        )
        yield Finding("distant-posts-left-out", Severity.CAUTION, text)


def size_findings(members: int, threads: int) -> Iterator[Finding]:
    """Networks too small or too empty to say much."""
    if members < _FEW_NODES:
        text = f"The network has fewer than {_FEW_NODES} members: figures are about persons, not about a network."
        yield Finding("few-members", Severity.CAUTION, text)
    if threads == 1:
        text = "All posts stand in one thread: the projection joins everybody alike."
        yield Finding("one-thread", Severity.CAUTION, text)
    if threads == 0:
        yield Finding(NO_TIES, Severity.PROBLEM, "No two members are joined: there is no structure to see.")


def tie_findings(ties: int, said: Iterable[Finding]) -> Iterator[Finding]:
    """A network in which nobody is joined, unless that was said when it was made."""
    if not ties and NO_TIES not in {finding.code for finding in said}:
        yield from size_findings(_FEW_NODES, 0)


def share_words(part: int, whole: int) -> str:
    """A share in whole per cent, so that no count follows that may be of few persons."""
    share = part / whole if whole else 0.0
    if 0 < share < 0.01:  # noqa: PLR2004 - one per cent
        return "under 1 %"
    return "over 99 %" if 0.99 < share < 1 else f"{share:.0%}".replace("%", " %")  # noqa: PLR2004


def member_words(count: int) -> str:
    """A number of members as the disclosure policy lets it be said."""
    if count < MINIMUM_MEMBERS:
        return f"fewer than {MINIMUM_MEMBERS} members"
    return f"about {ROUND_COUNTS_TO * round(count / ROUND_COUNTS_TO):,} members"
