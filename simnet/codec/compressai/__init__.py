"""CompressAI's image models as codecs without side information."""
