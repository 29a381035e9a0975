"""The library's parts as functions on files, lists and loaded models; `import realign` offers them."""
