"""Problems that several people report."""
