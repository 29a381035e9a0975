"""The command `realign`: the library's parts, and whole studies, from a terminal."""
