"""The command `realign` where the package is not installed: `python -m realign`."""

from realign.command.main import main

main()
