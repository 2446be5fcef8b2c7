"""Every attack of the red team, and rules that stand in no single place."""

import ast
from pathlib import Path

import pytest

import vestige
from derive.commands import run_here
from red_team.attacks import ATTACKS, SECRET, Attack, Outcome, carry_out, dump, forum

FORBIDDEN = {"pickle", "cPickle", "dill", "shelve", "marshal", "joblib", "cloudpickle"}


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("key") / "forum.key"
    assert run_here("new-key", made)[0] == 0
    return made


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_comes_to_nothing(attack: Attack, key: Path, tmp_path: Path) -> None:
    happened = carry_out(attack, tmp_path, key)
    assert happened.outcome is attack.outcome, happened.words
    assert SECRET not in happened.words


def test_harm_would_be_seen(key: Path, tmp_path: Path) -> None:
    """The checks can fail: a count that differs, a secret that is said."""
    with pytest.raises(AssertionError, match="3 posts instead of 4"):
        carry_out(Attack("x", Outcome.HARMLESS, dump(forum), posts=4), tmp_path, key)

    def leaking(folder: Path) -> object:
        return lambda: (folder / "sub").mkdir() or (folder / "sub" / "said").write_text(SECRET)

    (tmp_path / "other").mkdir()
    with pytest.raises(AssertionError):
        carry_out(Attack("x", Outcome.HARMLESS, leaking, posts=None), tmp_path / "other", key)


def test_nothing_unpickles() -> None:
    """No module that runs code from data is imported, and NumPy is never allowed to."""
    for file in Path(vestige.__file__).parent.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            names = [one.name for one in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} & FORBIDDEN, file
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert isinstance(node.value, ast.Constant), file
                assert node.value.value is False, file
