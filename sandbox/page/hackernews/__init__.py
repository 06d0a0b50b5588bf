"""The Hacker News tab of the page: its routes, its state, and the faults that a visitor can switch on."""
