"""Pictures from people made fit to go out: without metadata, as small as the network wants them."""
