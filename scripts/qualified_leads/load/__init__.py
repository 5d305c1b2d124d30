"""In: a directory of files, and a mapping where they are foreign. Out: typed rows in the lake."""
