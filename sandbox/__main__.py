"""`python -m sandbox`: the demo, which `make demo` starts."""

from sandbox.demo.runner import main

if __name__ == "__main__":
    main()
