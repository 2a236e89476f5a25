"""Problem 2's queries: noise, resampling, teachers, their selections, students."""
