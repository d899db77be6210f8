"""The life of the service: settings, the rules file and its reload, the journal, start and stop.

Plugs the engine into the network and tells what happens. Everything that speaks SIP is below.
"""
