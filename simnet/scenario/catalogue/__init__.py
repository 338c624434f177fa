"""The shipped scenarios, and what each is expected to show."""
