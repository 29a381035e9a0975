"""How well the words of two languages align inside an encoder: the measures, and the records of the results."""
