module groundplan.dev/tests/probe

go 1.25.0
