"""How networks learn on causal models: visits in batches, frozen models, and slopes written out."""
