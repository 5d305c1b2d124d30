"""In: files to load, if any, and a moment. Out: a release that is built, tested and guarded."""
