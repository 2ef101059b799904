"""What becomes of advice when decision models change: shares, recourse anew, the price of lasting."""
