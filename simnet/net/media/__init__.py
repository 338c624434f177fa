"""Media that several links share: TDMA and CSMA."""
