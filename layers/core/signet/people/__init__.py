"""The people who sign in: their passwords, their sessions, and what slows down those who guess."""
