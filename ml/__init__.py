"""Win probabilities and period forecasts: reads schema `features`, writes schema `scores`, knows nothing of any source."""
