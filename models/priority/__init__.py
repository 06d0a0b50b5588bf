"""How urgent a ticket is, in points that each have a reason. Pure; `models.tickets.priorities` stores it."""
