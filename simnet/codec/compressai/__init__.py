"""CompressAI's image models as codecs without side information.

picture ──CompressAI model──▶ strings ──framing──▶ bitstream
"""
