"""What people see in a browser: sessions, visitors, jobs, pictures of pages, and the tabs."""
