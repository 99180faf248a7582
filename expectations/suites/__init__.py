"""One module a border or kind of table; each gives its suites for a day."""
