"""What each page shows for one question, a module for each."""
