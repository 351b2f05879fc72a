"""`python -m bot` is the same door as `brokercoach`."""

from bot.cli import run

if __name__ == "__main__":
    run()
