"""What an administrator types. Data on standard output, words on standard error, exit codes after sysexits.

Modules import what is slow inside their commands, so that `--help` comes at once.
"""
