"""The counter: where residents, managers, auditors and technicians are served on the screen.

A page is one `Form` (`form.py`): its name, whose ground it is, how it is drawn, and what each act
on it does. A group of pages is one file with a tuple of forms; `pages.py` lists the groups. That is
all it takes to add one: handlers are small functions

    (Session, Touch) -> Turn        an act was touched
    (Session, event) -> Turn        what the form wants was given (`wants.py`)

A handler works through `session.tools` (archive, operators, rights, ...), keeps what was entered in
`session.draft` (wiped at the lock), and returns `go("page")`, `stay("fault")` or `close()`. For
long work it calls `session.show("page")` in between. `draw(session)` gives a `View`.

`counter.py` does the rest: numbers, locks, grounds, double and forged touches, leaves of lists;
`clerk.py` runs it in a thread with an archive of its own; `front.py` is the controller's side of
it. `vocabulary.py` gives all names as plain data.
"""
