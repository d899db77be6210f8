"""One file for each attack that was thought of, T1 to T26, each with a test that shows it cannot succeed.

`SECURITY.md` names what they promise. Not here, for there is nothing to attack:

    T14  script in a status page: there is no web page, and what the terminal shows is T13's matter
"""
