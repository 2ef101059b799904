"""Who works on tasks: here one after the other, or many workers with Dask."""
