"""Rendered scenes: streets, fields, a crossroads, and the renderer that draws them."""
