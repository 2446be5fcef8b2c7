"""Files that users give: CSV or Parquet, or one clean error."""

import pytest

from vestige.errors import SettingsError, SourceError
from vestige.inputs import read_table_file
from vestige.network import read_edge_list


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"from,to,to\n1,2,3\n", "names a column twice"), (b"from,\xac\n1,2\n", "neither a readable CSV nor Parquet")],
    ids=["twice", "not UTF-8"],
)
def test_names_of_columns_that_cannot_be_told_apart_or_read(tmp_path, content, said):
    (tmp_path / "ties.csv").write_bytes(content)
    with pytest.raises(SourceError, match=said) as caught:
        read_table_file(tmp_path / "ties.csv")
    assert caught.value.__context__ is None


def test_labels_in_another_encoding_are_an_error_without_them(tmp_path):
    (tmp_path / "ties.csv").write_bytes("from,to\nzaphodö,1\n".encode("latin-1"))
    with pytest.raises(SettingsError, match="UTF-8") as caught:
        read_edge_list(tmp_path / "ties.csv")
    assert "zaphod" not in str(caught.value)
    assert caught.value.__context__ is None
