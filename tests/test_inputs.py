"""Files that users give: CSV or Parquet, or one clean error."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vestige.errors import SourceError
from vestige.inputs import read_table_file


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_column_named_twice_is_an_error(tmp_path, suffix):
    file = tmp_path / f"ties.{suffix}"
    if suffix == "csv":
        file.write_text("from,to,to\n1,2,3\n")
    else:
        pq.write_table(pa.Table.from_arrays([pa.array([1])] * 3, names=["from", "to", "to"]), file)
    with pytest.raises(SourceError, match="names a column twice") as caught:
        read_table_file(file)
    assert caught.value.__context__ is None
