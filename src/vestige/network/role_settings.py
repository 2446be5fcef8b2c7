"""How positions are held against known roles."""

from dataclasses import dataclass, field
from enum import StrEnum

from vestige.dataset.schema import Role
from vestige.errors import SettingsError
from vestige.inputs import chosen
from vestige.network.positions import PositionSettings


class Timing(StrEnum):
    """Which events count.

    auto: before, where the beginnings of at least half of the roles are known; whole otherwise.
    before: only what happened before each role began; holders without a known beginning are left out.
    whole: everything, also what holders did in the role and because of it.
    """

    AUTO = "auto"
    BEFORE = "before"
    WHOLE = "whole"


class Criterion(StrEnum):
    """How well an order finds the holders: area under the curve, or average precision."""

    AREA = "auc"
    PRECISION = "average-precision"


class Null(StrEnum):
    """What the holders are compared with.

    labels: the same number of members drawn at random.
    equally-active: for each holder, one drawn among those nearest in activity.
    rewired: the holders themselves in networks with the same degrees (and thread sizes), joined at random.
    """

    LABELS = "labels"
    EQUALLY_ACTIVE = "equally-active"
    REWIRED = "rewired"


@dataclass(frozen=True)
class RoleSettings:
    """How positions are held against known roles.

    Attributes:
        positions: how positions are measured; their repetitions are not run here.
        roles: roles that count, of a dataset.
        timing: which events count.
        most_moments: with more beginnings than this, beginnings are put together; events count up to the earliest.
        first: numbers of members at the top that are looked at.
        replicates: bootstrap samples of members.
        draws: draws of the labels and equally active members.
        rewirings: networks with the same degrees; 0 for none.
        near: members nearest in activity among whom an equally active one is drawn.
        folds: parts of the cross-validation of the logistic model.
        ridge: penalty on the squares of its standardised coefficients, since holders are few.
        confidence: level of intervals.
    """

    positions: PositionSettings = field(default_factory=PositionSettings)
    roles: tuple[Role, ...] = (Role.ADMINISTRATOR, Role.MODERATOR)
    timing: Timing = Timing.AUTO
    most_moments: int = 24
    first: tuple[int, ...] = (5, 10, 20)
    replicates: int = 1000
    draws: int = 999
    rewirings: int = 50
    near: int = 20
    folds: int = 5
    ridge: float = 1.0
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        object.__setattr__(self, "roles", tuple(chosen(Role, role, "roles") for role in self.roles))
        object.__setattr__(self, "timing", chosen(Timing, self.timing, "timing"))
        if not self.roles:
            raise SettingsError("no role would count", hint="name at least one role")
        if self.most_moments < 1 or self.near < 1 or self.folds < 2:  # noqa: PLR2004 - one fold leaves nothing out
            raise SettingsError("most_moments and near start at 1, folds at 2", hint="raise them")
        if min(self.replicates, self.draws, self.rewirings, *self.first) < 0 or self.ridge <= 0:
            raise SettingsError("a number of draws is negative, or the ridge not above 0", hint="use the defaults")
        if not 0.5 < self.confidence < 1:  # noqa: PLR2004 - a level below one half is a mistake
            raise SettingsError("the confidence level must lie between 0.5 and 1", hint="use 0.95")
