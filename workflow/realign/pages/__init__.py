"""Pages: the report and the explorer, each one HTML file that needs no network."""
