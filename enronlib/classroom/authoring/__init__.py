"""Tools for authors: from a lesson's text to its notebooks.

sources     reads notebooks/source/NN_name.md: cells, roles, ids, line numbers
stubs       turns a solved cell into the student's version of it
lint        the rules for a lesson's structure, parts and stored outputs
build       makes the solved notebook and the student's copy
execute     runs a solved notebook and stores its outputs
rehearsal   runs a lesson's exercises without Jupyter
check       reports everything that is wrong with a lesson (`build --check`)
notebook    reads and writes notebooks; finds cells by role
"""
