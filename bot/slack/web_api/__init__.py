"""Single calls of the Web API, and what their failures mean."""
