"""Programs with the command lines of fast_align and atools."""
