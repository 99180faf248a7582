"""The gates: at each border of the line, Great Expectations asks whether what stands there may go on."""
