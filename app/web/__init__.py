"""What people see in a browser: sessions, visitors, jobs, pictures of pages, and the tabs."""

UPLOADS_KEPT = 900  # seconds: a queue of 64 papers, each read in 15
