"""A simulated disruption in sentences, from published figures."""

from typing import TYPE_CHECKING, Any, Final

from vestige.network.disruption.measuring import LARGEST, LOST

if TYPE_CHECKING:
    from vestige.network.disruption.result import DisruptionResult

SHOWN: Final = 3


def disruption_sentences(result: "DisruptionResult", *, brief: bool) -> tuple[str, ...]:
    """One sentence a fact; nothing that was suppressed is told."""
    tables = result.safe_by_name
    strategies = tables["strategies"].rows() if "strategies" in tables else []
    losses = tables["losses"].rows() if "losses" in tables else []
    groups = tables["groups"].rows() if "groups" in tables else []
    told = [_strategy(row) for row in strategies if row["area"] is not None]
    lost = [_loss(row) for row in losses if row["value"] is not None]
    removed = [_group(row) for row in groups if row["value"] is not None and row["outcome"] == LARGEST]
    if brief:
        told, lost, removed = told[:SHOWN], lost[:SHOWN], removed[:SHOWN]
    return (*told, *removed, *lost)


def _strategy(row: dict[str, Any]) -> str:
    words = f"Removing members by {row['removal']} gives an area R of {row['area']:.3f}{_range(row)}"
    if row["matched_area"] is not None:
        words += f"; random members of like activity give {row['matched_area']:.3f}{_verdict(row)}"
    return words + "."


def _loss(row: dict[str, Any]) -> str:
    what = row["outcome"].removesuffix(LOST)
    words = f"With {row['removed']:.1%} of the members gone by {row['removal']}, {row['value']:.1%} of {what} go"
    if row["matched"] is not None:
        words += f" ({row['matched']:.1%} with random members of like activity{_verdict(row)})"
    if row["until"] is not None:
        words += f"; the asked-for loss takes {row['until']:.1%} of the members"
    return words + "."


def _group(row: dict[str, Any]) -> str:
    words = f"Without {row['removal']} ({row['behind']:,} members) the {LARGEST} holds {row['value']:.1%}"
    if row["matched"] is not None:
        words += f"; without as many random members of like activity {row['matched']:.1%}{_verdict(row)}"
    return words + "."


def _range(row: dict[str, Any]) -> str:
    low, high = row["area_low"], row["area_high"]
    return f" ({low:.3g} to {high:.3g})" if low is not None and low != high else ""


def _verdict(row: dict[str, Any]) -> str:
    if row["gap_low"] is None or row["gap_low"] > 0 or row["gap_high"] < 0:
        return ""
    return ", no clear difference"
