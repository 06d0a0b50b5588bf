"""The formats of feeds: characters, markup, dates, links, and what each says where. Pure."""
