"""In: numbers of leads and activities, a seed. Out: a believable business as files to load."""
