"""An experiment as the rules see it: every path, every input, every setting of every stage."""
