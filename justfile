# The project's commands; `just` lists them (pip install rust-just, or any package manager's just).

# list the commands
default:
    @just --list

# open the report in a browser
run:
    streamlit run app.py

# run the fast tests, or others: just test -m slow
test *options:
    pytest {{options}}

# check style, format and types
lint:
    ruff check .
    ruff format --check .
    ty check

# bring all files into the common format
format:
    ruff check --fix .
    ruff format .

# measure: just bench [pages|store|training|transfer|selection|...]
bench *what:
    python -m tests.bench {{what}}

# train what is pending of Problem 4, resuming where it was stopped: just train --scale full
train *options:
    python -m compute train {{options}}

# build the store, and say for every question whether it is answered
check:
    python -m store build
    python -m store check
