"""What is kept: the artefact cache and run folders, their writers and their reader."""
