"""From a link or a file to a checked registry entry: what it is, where it is, whether we can draw with it."""
