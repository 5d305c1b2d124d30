"""In: lead ids and addresses. Out: no file of the warehouse tells who that was; counts stay."""
