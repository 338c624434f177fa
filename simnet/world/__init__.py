"""Where frames come from: rendered scenes, picture folders, videos, data sets of stereo pairs; and where cameras are.

A world answers one question: what does this camera see at this instant? The answer is the same in every process.
Codecs, links and time's passing do not live here. Nothing heavy is imported until a world is opened.
"""

from __future__ import annotations
