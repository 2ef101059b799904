"""What counts as likely where there is no density."""
