"""The operators' command line and the local server of Signet; never deployed."""
