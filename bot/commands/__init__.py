"""The commands of the program, by what they are about. bot.cli puts them together."""
