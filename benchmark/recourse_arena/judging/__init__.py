"""The judge, which takes nobody's word, and the metrics of what it recorded."""
