"""What each function may do: a file for each, row by row; the table is `permissions`."""
