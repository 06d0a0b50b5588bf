"""A story through the front door, then room by room; both engines, real servers, no mocks."""
