"""What may become of a decision model: retrained, fine-tuned, pruned, distilled, quantized, its threshold moved."""
