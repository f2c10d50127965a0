"""Every sentence that users read, in one place. Pure.

`catalogue.say` looks a sentence up by its key and the reader's locale; the other modules put sentences together.
"""
