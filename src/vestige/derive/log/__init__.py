"""Access logs of a web server as views and downloads: numbers of each line only, never a string of it."""
