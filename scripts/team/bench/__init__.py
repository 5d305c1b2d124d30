"""In: sizes of samples. Out: seconds, memory and bytes of builds and refreshes of them."""
