"""Statistics that several analyses share; they know no engine and no dataset."""
