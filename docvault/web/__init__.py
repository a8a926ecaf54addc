"""The page: its source in `app/`, what the server serves in `static/`, and how the one becomes the other."""
