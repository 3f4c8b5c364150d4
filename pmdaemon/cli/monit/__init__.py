"""`monit`: a screen that shows what runs, live. It alone loads textual."""
