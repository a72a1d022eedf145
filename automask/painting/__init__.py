"""From regions to the finished picture: crop, paint, composite, edit after edit.

`editors.py` chooses and checks the editor of each edit before any work; `chain.py` runs them all. It takes crops from
`crops.py`, has them painted through `calls.py`, corrects the editor's drift with `seams.py`, and ranks candidates with
`defects.py`.
"""
