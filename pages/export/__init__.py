"""The report as static files that open from disk: what the app's pages show, collected and written as HTML."""
