"""`python -m pnp_responder` is `pnp-responder`."""

from pnp_responder.cli.main import main

if __name__ == "__main__":
    main()
