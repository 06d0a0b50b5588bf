"""The settings of a channel as people see them: the modal, and the sentences."""
