"""What one page shows: a folder per page, with its panels, its figures and its caches."""
