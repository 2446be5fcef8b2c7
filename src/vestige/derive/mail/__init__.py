"""Mail and news archives: mbox files, Maildirs and folders of them."""
