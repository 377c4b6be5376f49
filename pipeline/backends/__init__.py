"""Where jobs run: the protocol, serial, Ray, Dask."""
