"""What the fuzzer kept, once more through the machine code; the fuzzer's own checks can fail."""

from pathlib import Path

import pytest

from fuzzing.targets import TARGETS, DisagreementError, LeakError, Target, _twice
from vestige.errors import SourceError

CORPUS = Path(__file__).parent / "corpus"


def kept(name):
    return [file.read_bytes() for file in sorted((CORPUS / name).iterdir())]


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_kept_inputs_break_no_promise(name):
    """`make fuzz` in its short form: every input that once reached new code."""
    target = TARGETS[name]
    accepted = [target(content) for content in (*target.seeds, *kept(name))]
    assert all(accepted[: len(target.seeds)]), "a seed is no longer accepted: the fuzzer would only see its error"
    assert len(accepted) > len(target.seeds)


def test_there_is_no_corpus_without_a_target():
    assert {folder.name for folder in CORPUS.iterdir()} == set(TARGETS)


def test_an_error_that_quotes_its_input_is_seen():
    def quoting(content, _folder):
        raise SourceError(f"there is no {content.decode()}", hint="none")

    with pytest.raises(LeakError):
        Target(quoting, ())(b"zqsecretqz")
    assert Target(quoting, ())(b"manifest") is False


def test_an_error_that_carries_another_is_seen():
    def carrying(content, _folder):
        try:
            int(content)
        except ValueError:
            raise SourceError("that is no number", hint="none") from None

    with pytest.raises(LeakError):
        Target(carrying, ())(b"zqsecretqz")


def test_reading_that_depends_on_blocks_is_seen():
    with pytest.raises(DisagreementError):
        _twice(lambda block: block > 5, 10, 3)


def test_any_other_error_is_passed_on():
    with pytest.raises(ZeroDivisionError):
        Target(lambda _content, _folder: 1 / 0, ())(b"")
