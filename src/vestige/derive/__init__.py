"""From a forum database to a content-free, pseudonymised dataset."""
