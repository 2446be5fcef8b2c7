"""Wrong use of the command line: one line, exit code 2, no traceback."""

import pytest

from vestige import cli


@pytest.mark.parametrize(
    "arguments", [["nosuch"], ["grants"], ["validate", "--nosuch"], ["grants", "mysql://a@b/c", "--prefix"]]
)
def test_wrong_use_is_told_in_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("Error: ")
    assert "Hint: " in captured.err
    assert "internal error" not in captured.err
    assert len(captured.err.splitlines()) == 1
