"""Pictures that go out with replies."""
